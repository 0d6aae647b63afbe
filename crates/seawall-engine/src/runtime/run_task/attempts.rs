//! The attempts and look-ups of one run that are under way.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use seawall_store::Lease;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::core::{AttemptPlan, Command, FoundChild};
use crate::executor::{AttemptContext, Fence, Outcome, StepError};
use crate::names::ActivityRef;
use crate::runtime::bounds::bounded;
use crate::runtime::run_task::attempt;
use crate::runtime::run_task::driver::Lookup;
use crate::runtime::run_task::lookup;
use crate::runtime::shared::Shared;

/// How one of them ended.
enum Ended {
    Attempt(Outcome),
    Lookup(Result<FoundChild, StepError>),
}

type Running = BoxFuture<'static, (ActivityRef, u32, Ended)>;

/// Dropping it drops what runs.
pub(super) struct Attempts {
    shared: Arc<Shared>,
    lease: Lease,
    context: AttemptContext,
    running: FuturesUnordered<Running>,
    /// Ordered: those that are stopped together are stopped in this order.
    tokens: BTreeMap<ActivityRef, CancellationToken>,
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
            tokens: BTreeMap::new(),
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
        self.tokens.insert(activity.clone(), cancel.clone());
        let (timeout, grace) = (plan.timeout, self.shared.config.grace);
        let attempt = attempt::of_plan(&self.lease.tenant, self.lease.run, plan);
        let task = async move {
            let executing = executor.execute(attempt, context);
            attempt::supervise(executing, cancel, timeout, grace).await
        };
        let task = AbortOnDropHandle::new(self.shared.spawner.spawn(task));
        self.running.push(
            async move {
                let outcome = match task.await {
                    Ok(Some(outcome)) => bounded(outcome),
                    Ok(None) => Outcome::Unknown(StepError::new("cancelled", "the process was ending")),
                    Err(_panic) => Outcome::Unknown(StepError::new(
                        "executor-panicked",
                        "the executor of this step failed in an unforeseen way",
                    )),
                };
                (activity, number, Ended::Attempt(outcome))
            }
            .boxed(),
        );
    }

    /// Looks a child's definition up.
    pub(super) fn look_up(&mut self, lookup: Lookup) {
        let cancel = CancellationToken::new();
        self.tokens.insert(lookup.activity.clone(), cancel.clone());
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
        if let Some(token) = self.tokens.get(activity) {
            token.cancel();
        }
    }

    pub(super) fn stop_all(&self) {
        for token in self.tokens.values() {
            token.cancel();
        }
    }

    /// The next one that ends, as the command that says so. None: nothing is under way.
    pub(super) async fn next(&mut self) -> Option<Command> {
        let (activity, attempt, ended) = self.running.next().await?;
        self.tokens.remove(&activity);
        Some(match ended {
            Ended::Attempt(outcome) => Command::Settle {
                activity,
                attempt,
                outcome,
            },
            Ended::Lookup(found) => Command::StartChild {
                activity,
                attempt,
                found,
            },
        })
    }

    /// Tells all to stop and waits until they have; what they say is for nobody any more.
    pub(super) async fn wind_up(&mut self) {
        self.stop_all();
        while self.running.next().await.is_some() {}
    }
}
