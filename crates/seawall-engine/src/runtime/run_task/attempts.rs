//! The attempts and look-ups of one run that are under way.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use seawall_store::Lease;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::core::{AttemptPlan, Command, FoundChild};
use crate::effect::EffectClass;
use crate::executor::{AttemptContext, Fence, Outcome, StepError};
use crate::names::ActivityRef;
use crate::runtime::bounds::bounded;
use crate::runtime::run_task::attempt;
use crate::runtime::run_task::driver::{Lookup, SHUTTING_DOWN};
use crate::runtime::run_task::lookup;
use crate::runtime::shared::Shared;

/// How one of them ended.
enum Ended {
    Attempt(Outcome),
    Lookup(Result<FoundChild, StepError>),
    /// Its task was dropped with all others of this process.
    Dropped,
}

/// One that is under way.
struct Told {
    cancel: CancellationToken,
    /// A look-up has none of its own: nothing was begun.
    effect: EffectClass,
    /// The end of this process has cut it off.
    cut: bool,
}

impl Told {
    const fn new(cancel: CancellationToken, effect: EffectClass) -> Self {
        let cut = false;
        Self { cancel, effect, cut }
    }
}

type Running = BoxFuture<'static, (ActivityRef, u32, Ended)>;

/// Dropping it drops what runs.
pub(super) struct Attempts {
    shared: Arc<Shared>,
    lease: Lease,
    context: AttemptContext,
    running: FuturesUnordered<Running>,
    /// Ordered: those that are stopped together are stopped in this order.
    told: BTreeMap<ActivityRef, Told>,
    draining: bool,
    /// Attempts that have ended and of which the journal is to say no more than that they had begun.
    left: usize,
}

impl Attempts {
    pub(super) fn new(shared: &Arc<Shared>, lease: &Lease, fence: Fence) -> Self {
        Self {
            shared: Arc::clone(shared),
            lease: lease.clone(),
            context: AttemptContext {
                cancel: CancellationToken::new(),
                fence,
                secrets: Arc::clone(&shared.secrets),
            },
            running: FuturesUnordered::new(),
            told: BTreeMap::new(),
            draining: false,
            left: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Begins an attempt in a task of its own: a slow or panicking executor disturbs nobody.
    pub(super) fn begin(&mut self, plan: AttemptPlan) {
        let (activity, number) = (plan.activity.clone(), plan.attempt);
        let Some(executor) = self.shared.definitions.registry().get(&plan.kind).cloned() else {
            let error = StepError::permanent(
                "kind-unavailable",
                format!("nobody here runs steps of kind {}", plan.kind),
            );
            let ended = Ended::Attempt(Outcome::NotBegun(error));
            self.running.push(std::future::ready((activity, number, ended)).boxed());
            return;
        };
        let context = attempt::context(&self.context);
        let cancel = context.cancel.clone();
        self.told
            .insert(activity.clone(), Told::new(cancel.clone(), plan.effect));
        let (timeout, grace) = (plan.timeout, self.shared.config.grace);
        let attempt = attempt::of_plan(&self.lease.tenant, self.lease.run, plan);
        let task = async move {
            let executing = executor.execute(attempt, context);
            attempt::supervise(executing, cancel, timeout, grace).await
        };
        let task = AbortOnDropHandle::new(self.shared.spawner.spawn(task));
        self.running.push(
            async move {
                let ended = match task.await {
                    Ok(Some(outcome)) => Ended::Attempt(bounded(outcome)),
                    Ok(None) => Ended::Dropped,
                    Err(_panic) => Ended::Attempt(Outcome::Unknown(StepError::new(
                        "executor-panicked",
                        "the executor of this step failed in an unforeseen way",
                    ))),
                };
                (activity, number, ended)
            }
            .boxed(),
        );
    }

    /// Looks a child's definition up.
    pub(super) fn look_up(&mut self, lookup: Lookup) {
        let cancel = CancellationToken::new();
        self.told
            .insert(lookup.activity.clone(), Told::new(cancel.clone(), EffectClass::Pure));
        let (shared, tenant) = (Arc::clone(&self.shared), self.lease.tenant.clone());
        self.running.push(
            async move {
                let found = cancel
                    .run_until_cancelled(lookup::find(&shared, &tenant, &lookup))
                    .await
                    .unwrap_or_else(|| Err(StepError::new("cancelled", "it was stopped before it began")));
                (lookup.activity, lookup.attempt, Ended::Lookup(found))
            }
            .boxed(),
        );
    }

    /// Tells one to stop. It still ends with an outcome.
    pub(super) fn stop(&self, activity: &ActivityRef) {
        if let Some(told) = self.told.get(activity) {
            told.cancel.cancel();
        }
    }

    /// This process is about to end, and what runs may still do so before.
    pub(super) const fn drain(&mut self) {
        self.draining = true;
    }

    /// The time for that is over. What was told to stop before, or has run out of time, ends as it would have.
    pub(super) fn cut_off(&mut self) {
        for told in self.told.values_mut().filter(|told| !told.cancel.is_cancelled()) {
            told.cut = true;
            told.cancel.cancel();
        }
    }

    /// How many have begun and ended in this process and are for the run's next holder to settle, as if it had crashed.
    pub(super) const fn left(&self) -> usize {
        self.left
    }

    /// Waits for the next one that ends, and answers the command that says so, if any. None: nothing is under way.
    pub(super) async fn next(&mut self) -> Option<Option<Command>> {
        let (activity, attempt, ended) = self.running.next().await?;
        let told = self.told.remove(&activity);
        let ended = match told {
            Some(told) if self.draining => self.last_words(&told, ended),
            _ => Some(ended),
        };
        let command = ended.and_then(|ended| match ended {
            Ended::Attempt(outcome) => Some(Command::Settle {
                activity,
                attempt,
                outcome,
            }),
            Ended::Lookup(found) => Some(Command::StartChild {
                activity,
                attempt,
                found,
            }),
            Ended::Dropped => None,
        });
        self.left += usize::from(command.is_none());
        Some(command)
    }

    /// What counts of how one has ended while the process was about to. None: nothing, as after a crash. It is no failure of
    /// the step that its process was ended; for `once`, what is known is worth more than what a crash leaves.
    fn last_words(&self, told: &Told, ended: Ended) -> Option<Ended> {
        let repeatable = told.effect != EffectClass::Once;
        match ended {
            // Whatever ends this process may have ended it too, or the network that it used.
            Ended::Attempt(Outcome::Unknown(_)) if repeatable && (told.cut || !told.cancel.is_cancelled()) => None,
            // What stops when it is told to may call that a failure.
            Ended::Attempt(Outcome::Failed(_)) if repeatable && told.cut => None,
            Ended::Attempt(Outcome::NotBegun(_)) if told.cut => Some(Ended::Attempt(Outcome::Deferred {
                until: self.shared.clock.now(),
                reason: SHUTTING_DOWN.to_owned(),
            })),
            Ended::Lookup(Err(_)) if told.cut => None,
            ended => Some(ended),
        }
    }

    /// Tells all to stop and waits until they have; what they say is for nobody any more.
    pub(super) async fn wind_up(&mut self) {
        for told in self.told.values() {
            told.cancel.cancel();
        }
        while self.running.next().await.is_some() {}
    }
}
