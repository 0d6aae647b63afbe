//! The world outside: an executor that touches nothing but a log, and does everything an executor may do.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use parking_lot::Mutex;
use seawall_engine::store::{RunId, Seq};
use seawall_engine::{
    Attempt, AttemptContext, Clock as _, EffectClass, Executor, FieldShape, FieldSpec, KindSpec, Outcome, Part,
    StepError,
};
use serde_json::{Value, json};

use crate::runtime::world::TestClock;
use crate::sim::fleet::Process;
use crate::sim::rng::Rng;
use crate::sim::store::Database;

static FIELDS: [FieldSpec; 3] = [
    FieldSpec {
        name: "value",
        shape: FieldShape::Any,
        required: false,
        secrets: false,
        excludes: None,
        doc: "Anything.",
    },
    FieldSpec {
        name: "kills",
        shape: FieldShape::Any,
        required: false,
        secrets: false,
        excludes: None,
        doc: "Whether each attempt kills its process.",
    },
    FieldSpec {
        name: "lasts",
        shape: FieldShape::Any,
        required: false,
        secrets: false,
        excludes: None,
        doc: "Milliseconds after which the attempt succeeds, whatever happens in the story.",
    },
];

fn once(_with: &Value) -> EffectClass {
    EffectClass::Once
}

/// An effect that has begun: from here on it may have been seen.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    /// Of which process.
    pub(crate) life: u32,
    pub(crate) run: RunId,
    pub(crate) activity: String,
    pub(crate) number: u32,
    pub(crate) effect: EffectClass,
    pub(crate) key: String,
    /// The last durable place of the run's journal at that moment.
    pub(crate) durable: Seq,
    /// What the executor said in the end, whether or not anybody heard it.
    pub(crate) said: Option<&'static str>,
}

struct Inner {
    rng: Rng,
    /// The story is over: everything succeeds soon.
    calm: bool,
    log: Vec<Begun>,
}

/// Shared by all processes.
pub(crate) struct Effects {
    database: Arc<Database>,
    clock: TestClock,
    inner: Mutex<Inner>,
}

/// How an attempt goes.
#[derive(Clone, Copy, Debug)]
enum Course {
    Succeeds,
    Fails,
    FailsForGood,
    IsUnknown,
    Panics,
    Kills,
    DoesNotBegin,
    IsPutOff,
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    course: Course,
    /// Before it begins, and until it says something.
    before: Duration,
    lasts: Duration,
    /// Once it is told to stop.
    stop: Stop,
}

#[derive(Clone, Copy, Debug)]
enum Stop {
    Deaf,
    SaysUnknown(Duration),
    Finishes,
}

impl Effects {
    pub(crate) fn new(database: &Arc<Database>, clock: &TestClock, rng: Rng) -> Arc<Self> {
        Arc::new(Self {
            database: Arc::clone(database),
            clock: clock.clone(),
            inner: Mutex::new(Inner {
                rng,
                calm: false,
                log: Vec::new(),
            }),
        })
    }

    pub(crate) fn calm_down(&self) {
        self.inner.lock().calm = true;
    }

    pub(crate) fn log(&self) -> Vec<Begun> {
        self.inner.lock().log.clone()
    }

    fn plan(&self, with: &Value) -> Plan {
        let Inner { rng, calm, .. } = &mut *self.inner.lock();
        if let Some(lasts) = with.get("lasts").and_then(Value::as_u64) {
            return Plan {
                course: Course::Succeeds,
                before: Duration::ZERO,
                lasts: Duration::from_millis(lasts),
                stop: Stop::Finishes,
            };
        }
        if *calm {
            return Plan {
                course: Course::Succeeds,
                before: Duration::ZERO,
                lasts: rng.millis(0, 50),
                stop: Stop::Finishes,
            };
        }
        let course = match rng.weighted(&[640, 120, 30, 60, 10, 6, 80, 54]) {
            _ if with.get("kills") == Some(&json!(true)) => Course::Kills,
            0 => Course::Succeeds,
            1 => Course::Fails,
            2 => Course::FailsForGood,
            3 => Course::IsUnknown,
            4 => Course::Panics,
            5 => Course::Kills,
            6 => Course::DoesNotBegin,
            _ => Course::IsPutOff,
        };
        let lasts = match rng.below(20) {
            0 => rng.millis(5000, 40_000),
            1..=5 => rng.millis(200, 5000),
            _ => rng.millis(0, 200),
        };
        Plan {
            course,
            before: rng.millis(0, 20),
            lasts,
            stop: match rng.below(4) {
                0 => Stop::Deaf,
                1 => Stop::Finishes,
                _ => Stop::SaysUnknown(rng.millis(0, 8000)),
            },
        }
    }

    fn begins(&self, attempt: &Attempt, life: u32) -> usize {
        let begun = Begun {
            life,
            run: attempt.run,
            activity: attempt.activity.to_string(),
            number: attempt.number,
            effect: attempt.effect,
            key: attempt.effect_key.to_string(),
            durable: self.database.durable(attempt.run),
            said: None,
        };
        self.database.trace().line(format_args!(
            "{life} EFFECT {} {} attempt {} {:?} durable {}",
            begun.run, begun.activity, begun.number, begun.effect, begun.durable
        ));
        let log = &mut self.inner.lock().log;
        log.push(begun);
        log.len() - 1
    }

    fn says(&self, place: usize, said: &'static str) {
        let mut inner = self.inner.lock();
        let begun = &mut inner.log[place];
        begun.said = Some(said);
        self.database.trace().count(said);
        self.database.trace().line(format_args!(
            "- SAID {} {} attempt {} {said}",
            begun.run, begun.activity, begun.number
        ));
    }

    /// What looking into an outcome gives.
    fn finds_out(&self) -> Value {
        let Inner { rng, calm, .. } = &mut *self.inner.lock();
        let outcome = match rng.below(6) {
            _ if *calm => "succeeded",
            0 => "failed",
            1 => "retry",
            2 => "unknown",
            _ => "succeeded",
        };
        json!({ "outcome": outcome, "output": "found" })
    }

    fn later(&self) -> Outcome {
        let wait = self.inner.lock().rng.millis(0, 20_000);
        Outcome::Deferred {
            until: self.clock.now().saturating_add(wait),
            reason: "a limit is reached".to_owned(),
        }
    }
}

/// The kind `effect` in one process.
pub(crate) struct Hands {
    effects: Arc<Effects>,
    process: Process,
    spec: KindSpec,
}

impl Hands {
    pub(crate) fn new(effects: &Arc<Effects>, process: Process) -> Self {
        Self {
            effects: Arc::clone(effects),
            process,
            spec: KindSpec {
                kind: "effect",
                doc: "Does what the story wants.",
                fields: &FIELDS,
                default_effect: once,
                disabled: None,
            },
        }
    }
}

impl Executor for Hands {
    fn spec(&self) -> &KindSpec {
        &self.spec
    }

    fn execute(&self, attempt: Attempt, context: AttemptContext) -> BoxFuture<'static, Outcome> {
        let (effects, process) = (Arc::clone(&self.effects), self.process.clone());
        carry_out(effects, process, attempt, context).boxed()
    }
}

async fn carry_out(effects: Arc<Effects>, process: Process, attempt: Attempt, context: AttemptContext) -> Outcome {
    let plan = effects.plan(&attempt.request.value);
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => return Outcome::NotBegun(StepError::new("cancelled", "it was stopped")),
        () = tokio::time::sleep(plan.before) => {}
    }
    match plan.course {
        Course::DoesNotBegin => return Outcome::NotBegun(StepError::new("connect", "nobody listens")),
        Course::IsPutOff => return effects.later(),
        _ => {}
    }
    if let Err(refused) = context.fence.begin() {
        return Outcome::NotBegun(StepError::new("lease", refused.to_string()));
    }
    let place = effects.begins(&attempt, process.life);
    if matches!(plan.course, Course::Kills) {
        process.kill();
        // What follows is never polled.
        std::future::pending::<()>().await;
    }
    let stopped = tokio::select! {
        biased;
        () = context.cancel.cancelled() => true,
        () = tokio::time::sleep(plan.lasts) => false,
    };
    match (stopped, plan.stop) {
        (true, Stop::Deaf) => std::future::pending::<()>().await,
        (true, Stop::SaysUnknown(after)) => {
            tokio::time::sleep(after).await;
            effects.says(place, "unknown");
            return Outcome::Unknown(StepError::new("killed", "it was killed"));
        }
        (true, Stop::Finishes) | (false, _) => {}
    }
    let value = match attempt.activity.part {
        Part::Reconcile => effects.finds_out(),
        _ => attempt.request.value.get("value").cloned().unwrap_or_default(),
    };
    let (said, outcome) = match plan.course {
        Course::Fails => ("failed", Outcome::Failed(StepError::new("bad", "it went wrong"))),
        Course::FailsForGood => ("failed", Outcome::Failed(StepError::permanent("worse", "it is wrong"))),
        Course::IsUnknown => (
            "unknown",
            Outcome::Unknown(StepError::new("reset", "the answer was lost")),
        ),
        Course::Panics => {
            effects.says(place, "panic");
            // Without the hook's lines on stderr.
            std::panic::resume_unwind(Box::new("a panic of the story"))
        }
        _ => ("succeeded", Outcome::Succeeded(value)),
    };
    effects.says(place, said);
    outcome
}
