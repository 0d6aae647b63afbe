//! Clients: they create runs, send messages to them, and try again where the answer was lost.

use std::sync::Arc;
use std::time::Duration;

use seawall_engine::store::{ApprovalFilter, ApprovalStatus, Digest, Page, RunId, WorkflowRef};
use seawall_engine::{
    ActivityRef, CreateRun, Datum, Engine, EngineError, ForkRun, IdempotentRequest, Principal, Reason, Resolution,
    RunStarted, WorkflowSource,
};
use serde_json::{Value, json};

use crate::sim::book::Book;
use crate::sim::fleet::Fleet;
use crate::sim::rng::Rng;
use crate::sim::trace::Trace;
use crate::sim::witness::Witness;

/// A client's next thing to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    Create,
    Signal,
    Decide,
    Cancel,
    Pause,
    Resume,
    Retry,
    Resolve,
    Look,
    Fork,
}

const ACTS: [(Act, u64); 10] = [
    (Act::Create, 30),
    (Act::Signal, 16),
    (Act::Decide, 10),
    (Act::Cancel, 5),
    (Act::Pause, 6),
    (Act::Resume, 8),
    (Act::Retry, 8),
    (Act::Resolve, 10),
    (Act::Look, 7),
    (Act::Fork, 7),
];

/// A run that a client wants.
#[derive(Clone)]
enum Wish {
    New(CreateRun),
    /// From which step on: the one at this place, counted round and round.
    Fork(RunId, usize, ForkRun),
}

impl Wish {
    const fn is_keyed(&self) -> bool {
        match self {
            Self::New(create) => create.idempotency.is_some(),
            Self::Fork(_, _, fork) => fork.idempotency.is_some(),
        }
    }
}

/// What all clients share.
pub(crate) struct Clients {
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) book: Arc<Book>,
    pub(crate) programs: Vec<Value>,
    /// Registered ones, by name.
    pub(crate) workflows: Vec<&'static str>,
    pub(crate) witness: Arc<Witness>,
    pub(crate) trace: Trace,
    pub(crate) me: Principal,
}

impl Clients {
    /// One client, for so many acts.
    pub(crate) async fn live(&self, mut rng: Rng, acts: u64) {
        self.create(&mut rng).await;
        for _ in 0..acts {
            tokio::time::sleep(rng.millis(50, 9000)).await;
            let weights = ACTS.map(|(_, weight)| weight);
            match ACTS[rng.weighted(&weights)].0 {
                Act::Create => self.create(&mut rng).await,
                act => self.about_a_run(act, &mut rng).await,
            }
        }
    }

    /// Asks for a run, until it is acknowledged or patience ends.
    async fn create(&self, rng: &mut Rng) {
        let keyed = rng.permille(700);
        let request = self.book.request(keyed);
        let digest = Digest::of(&request.to_be_bytes());
        let create = CreateRun {
            priority: rng
                .permille(200)
                .then(|| i64::try_from(rng.below(9)).expect("it is small") - 4),
            workflow: if rng.permille(450) {
                WorkflowSource::Registered(WorkflowRef::Name((*rng.pick(&self.workflows)).to_owned()))
            } else {
                WorkflowSource::Inline(rng.pick(&self.programs).clone())
            },
            input: json!({ "request": request }),
            idempotency: keyed.then_some(IdempotentRequest {
                key: digest,
                fingerprint: digest,
            }),
        };
        self.ask_for_a_run(request, Wish::New(create), rng).await;
    }

    /// Asks for a run that does another one again from some step on.
    async fn fork(&self, source: RunId, rng: &mut Rng) {
        let keyed = rng.permille(700);
        let request = self.book.request(keyed);
        let digest = Digest::of(&request.to_be_bytes());
        let fork = ForkRun {
            from_step: String::new(),
            input: Some(json!({ "request": request })),
            definition: None,
            idempotency: keyed.then_some(IdempotentRequest {
                key: digest,
                fingerprint: digest,
            }),
        };
        let place = usize::try_from(rng.below(1000)).expect("it is small");
        self.ask_for_a_run(request, Wish::Fork(source, place, fork), rng).await;
    }

    async fn ask_for_a_run(&self, request: u64, wish: Wish, rng: &mut Rng) {
        for _ in 0..(if wish.is_keyed() { 6 } else { 2 }) {
            if let Some(process) = self.fleet.any_up(rng) {
                let asked = process.ask(async |engine: Engine| self.wished(&engine, wish.clone()).await);
                match asked.await {
                    Some(Ok(started)) => {
                        self.trace
                            .line(format_args!("- CREATED {} by request {request}", started.run));
                        self.book.created(request, started.run);
                        return;
                    }
                    Some(Err(error)) => match &wish {
                        Wish::Fork(source, ..) => self.judge_of(Act::Fork, *source, &error),
                        Wish::New(_) => self.judge("create", &error),
                    },
                    None => {}
                }
            }
            tokio::time::sleep(rng.millis(100, 4000)).await;
        }
    }

    async fn wished(&self, engine: &Engine, wish: Wish) -> Result<RunStarted, EngineError> {
        match wish {
            Wish::New(create) => engine.create_run(&self.me, create).await,
            Wish::Fork(source, place, fork) => {
                let steps = engine.run(&self.me, source).await?.steps;
                let from_step = steps[place % steps.len()].id.to_string();
                engine.fork_run(&self.me, source, ForkRun { from_step, ..fork }).await
            }
        }
    }

    async fn about_a_run(&self, act: Act, rng: &mut Rng) {
        let runs = self.book.runs();
        if runs.is_empty() {
            return;
        }
        let (run, process) = (*rng.pick(&runs), self.fleet.any_up(rng));
        if matches!(act, Act::Fork) {
            return self.fork(run, rng).await;
        }
        if let Some(process) = process {
            let seed = rng.fork();
            let done = process.ask(async |engine: Engine| self.act(&engine, act, run, seed).await);
            if let Some(Err(error)) = done.await {
                self.judge_of(act, run, &error);
            }
        }
    }

    /// One message to a run, as far as it makes sense.
    pub(crate) async fn act(&self, engine: &Engine, act: Act, run: RunId, mut rng: Rng) -> Result<(), EngineError> {
        let me = &self.me;
        match act {
            Act::Create | Act::Fork => Ok(()),
            Act::Signal => {
                let name = *rng.pick(&crate::sim::programs::SIGNALS);
                let id = rng.permille(700).then(|| format!("id{}", rng.below(20)));
                let sent = engine.signal(me, run, name, id.as_deref(), json!(name)).await?;
                if let (true, Some(id)) = (sent, id) {
                    self.book.signalled(run, format!("{name} {id}"));
                }
                Ok(())
            }
            Act::Decide => {
                let filter = ApprovalFilter {
                    run: Some(run),
                    status: Some(ApprovalStatus::Pending),
                };
                let pending = engine.list_approvals(me, filter, Page::first(20)).await?;
                for approval in pending.items {
                    engine.decide(me, approval.id, rng.permille(700), None).await?;
                }
                Ok(())
            }
            Act::Cancel => engine.cancel(me, run).await,
            Act::Pause => engine.pause(me, run).await,
            Act::Resume => engine.resume(me, run).await,
            Act::Retry => engine.retry(me, run).await,
            Act::Resolve => {
                for reason in engine.why(me, run).await? {
                    if let Some(activity) = unknown(&reason) {
                        let resolution = match rng.below(3) {
                            0 => Resolution::Succeeded(Datum::new(json!(1))),
                            1 => Resolution::Failed("it did not happen".to_owned()),
                            _ => Resolution::Retry,
                        };
                        engine.resolve(me, run, activity, resolution).await?;
                    }
                }
                Ok(())
            }
            Act::Look => {
                engine.run(me, run).await?;
                engine.wait(me, run, Duration::from_secs(2)).await.map(drop)
            }
        }
    }

    /// The same of a message to a run, which may have been forgotten meanwhile.
    pub(crate) fn judge_of(&self, act: Act, run: RunId, error: &EngineError) {
        let forgotten = matches!(error, EngineError::NotFound(_)) && self.witness.is_gone(run);
        if !forgotten {
            self.judge(&format!("{act:?} {run}"), error);
        }
    }

    /// A client may be refused, and the store may fail; nothing else.
    pub(crate) fn judge(&self, what: &str, error: &EngineError) {
        let allowed = match error {
            EngineError::Overloaded(_) | EngineError::Conflict { .. } => true,
            EngineError::Store(error) => error.is_temporary(),
            _ => false,
        };
        if !allowed {
            self.trace.violation(format!("{what}: a client got {error:?}"));
        }
    }
}

fn unknown(reason: &Reason) -> Option<ActivityRef> {
    let step = reason.step.clone().filter(|_| reason.kind == "unknown-outcome")?;
    Some(ActivityRef {
        part: reason.part,
        step,
        item: reason.item,
    })
}
