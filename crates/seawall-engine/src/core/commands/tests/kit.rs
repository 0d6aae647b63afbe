//! A run without a runtime: a definition, a state, a journal, and a clock that stands still.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use seawall_store::{
    ApprovalId, Digest, ParentLink, QueueName, RunId, RunStatus, Seq, TaskId, Timestamp, WorkflowId, WorkflowVersion,
};
use serde_json::{Value, json};

use super::check;
use super::monitor::Monitor;
use crate::core::command::{Action, AttemptPlan, Command, Env, FoundChild, Message, TaskEnd, TaskEnded, TaskPlan};
use crate::core::commands::decide;
use crate::core::event::{Event, Recorded, Resolution, RunCreated, StepCopied};
use crate::core::state::{ActivityState, RunState, StepStatus, Wait};
use crate::datum::Datum;
use crate::definition::{Definition, compile};
use crate::effect::EffectClass;
use crate::executor::{
    Attempt, AttemptContext, Executor, FieldShape, FieldSpec, KindSpec, Outcome, Registry, StepError,
};
use crate::names::ActivityRef;

pub(super) const LEASE: Duration = Duration::from_secs(10);
pub(super) const START: Timestamp = Timestamp::from_millis(1_000_000);

/// A kind of step that nobody carries out: the test says how its attempts end.
struct Act(KindSpec);

impl Executor for Act {
    fn spec(&self) -> &KindSpec {
        &self.0
    }

    fn execute(&self, _: Attempt, _: AttemptContext) -> BoxFuture<'static, Outcome> {
        std::future::ready(Outcome::NotBegun(StepError::new("nobody", ""))).boxed()
    }
}

pub(super) fn registry() -> Registry {
    const FIELDS: &[FieldSpec] = &[FieldSpec {
        name: "do",
        shape: FieldShape::Any,
        required: false,
        secrets: false,
        excludes: None,
        doc: "What.",
    }];
    Registry::new(vec![Arc::new(Act(KindSpec {
        kind: "act",
        doc: "Acts.",
        fields: FIELDS,
        default_effect: |_| EffectClass::Once,
        disabled: None,
    }))])
}

pub(super) fn compiled(value: &Value) -> Arc<Definition> {
    match compile(value, &registry()) {
        Ok(definition) => Arc::new(definition),
        Err(errors) => panic!("{errors:#?}\n{value:#}"),
    }
}

pub(super) fn workflow_version() -> WorkflowVersion {
    WorkflowVersion {
        id: WorkflowId::derived(&[b"w"]),
        name: Arc::from("w"),
        version: 1,
    }
}

pub(super) fn found_child() -> FoundChild {
    FoundChild {
        workflow: workflow_version(),
        digest: Digest::of(b"child"),
        definition: None,
    }
}

/// One whose workflow has this schema for its input.
pub(super) fn child_that_takes(schema: &Value) -> FoundChild {
    let steps = json!([{ "id": "a", "kind": "transform", "with": { "value": 1 } }]);
    FoundChild {
        definition: Some(compiled(&json!({ "name": "w", "input": schema, "steps": steps }))),
        ..found_child()
    }
}

/// A run, everything that happened to it, and the actions of the last command.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) definition: Arc<Definition>,
    pub(super) state: RunState,
    pub(super) journal: Vec<Recorded>,
    pub(super) monitor: Monitor,
    pub(super) actions: Vec<Action>,
    pub(super) now: Timestamp,
    pub(super) random: u64,
    /// Queues that take no task now.
    pub(super) full: BTreeSet<QueueName>,
    /// Since when steps that were due at the last command wait on for room.
    pub(super) crowded: Option<Timestamp>,
}

impl Subject {
    /// A run of these steps that has not begun.
    #[expect(clippy::needless_pass_by_value, reason = "`json!` stands in the call")]
    pub(super) fn queued(steps: Value) -> Self {
        Self::of(&json!({ "name": "w", "steps": steps }))
    }

    /// A run of these steps that has begun.
    pub(super) fn of_steps(steps: Value) -> Self {
        let mut run = Self::queued(steps);
        run.tell(Command::Begin);
        run
    }

    pub(super) fn of(definition: &Value) -> Self {
        Self::with_input(definition, json!({}))
    }

    pub(super) fn with_input(definition: &Value, input: Value) -> Self {
        let definition = compiled(definition);
        let first = Recorded {
            seq: Seq(1),
            at: START,
            event: Event::RunCreated(Box::new(RunCreated {
                run: RunId::derived(&[b"run"]),
                workflow: workflow_version(),
                definition: definition.digest,
                input: Datum::new(input),
                created_by: Arc::from("somebody"),
                parent: None,
                depth: 0,
                scheduled: None,
                gated: definition.flow.is_gated(),
                priority: 0,
                trace: None,
            })),
        };
        Self::replayed(definition, vec![first], START)
    }

    /// The same run, before it has begun, as the child of another one.
    pub(super) fn into_child(mut self) -> Self {
        if let Event::RunCreated(created) = &mut self.journal[0].event {
            created.depth = 1;
            created.parent = Some(ParentLink {
                run: RunId::derived(&[b"parent"]),
                step: "p".to_owned(),
                item: None,
                generation: 0,
            });
        }
        Self::replayed(self.definition, self.journal, self.now)
    }

    /// A run that takes these results over from another one, and has not begun.
    pub(super) fn forked(definition: &Value, from_step: &str, copies: Vec<StepCopied>) -> Self {
        let born = Self::of(definition);
        let forked = Event::RunForked {
            from: RunId::derived(&[b"source"]),
            from_step: activity(from_step).step,
        };
        let copies = copies.into_iter().map(|copied| Event::StepCopied(Box::new(copied)));
        let origin = std::iter::once(forked).chain(copies).zip(2..);
        let mut journal = born.journal;
        journal.extend(origin.map(|(event, seq)| Recorded {
            seq: Seq(seq),
            at: START,
            event,
        }));
        Self::replayed(born.definition, journal, START)
    }

    pub(super) fn replayed(definition: Arc<Definition>, journal: Vec<Recorded>, now: Timestamp) -> Self {
        let state = RunState::replay(Arc::clone(&definition), &journal).expect("the journal fits");
        let mut monitor = Monitor::new(&definition);
        for recorded in &journal {
            monitor.watch(&definition, recorded);
        }
        check::indexes(&state);
        Self {
            definition,
            state,
            journal,
            monitor,
            actions: Vec::new(),
            now,
            random: 7,
            full: BTreeSet::new(),
            crowded: None,
        }
    }

    /// Decides, checks everything that can be checked, and answers the events.
    pub(super) fn tell(&mut self, command: Command) -> Vec<Event> {
        let mut shadow = self.state.clone();
        let env = Env {
            now: self.now,
            random: self.random,
            lease: LEASE,
            full: &self.full,
        };
        let decision = decide(&mut self.state, command, &env);
        for recorded in &decision.events {
            assert_eq!(recorded.seq, shadow.seq.plus(1), "a gap before {recorded:?}");
            assert!(recorded.at >= shadow.last_at, "time ran backwards before {recorded:?}");
            self.monitor.watch(&self.definition, recorded);
            shadow.evolve(recorded);
            check::indexes(&shadow);
        }
        check::same(&self.state, &shadow);
        self.journal.extend(decision.events.iter().cloned());
        self.actions = decision.actions;
        self.crowded = decision.crowded;
        decision.events.into_iter().map(|recorded| recorded.event).collect()
    }

    /// For runs so large that checking everything takes too long.
    pub(super) fn tell_unchecked(&mut self, command: Command) {
        let env = Env {
            now: self.now,
            random: self.random,
            lease: LEASE,
            full: &self.full,
        };
        self.actions = decide(&mut self.state, command, &env).actions;
    }

    pub(super) fn settle_unchecked(&mut self, name: &str, outcome: Outcome) {
        let attempt = self.at(name).attempts;
        self.tell_unchecked(Command::Settle {
            activity: activity(name),
            attempt,
            outcome,
        });
    }

    pub(super) fn message(&mut self, message: Message) -> Vec<Event> {
        self.tell(Command::Message(message))
    }

    /// The last attempt of that activity ends.
    pub(super) fn settle(&mut self, name: &str, outcome: Outcome) -> Vec<Event> {
        let attempt = self.at(name).attempts;
        self.tell(Command::Settle {
            activity: activity(name),
            attempt,
            outcome,
        })
    }

    pub(super) fn succeed(&mut self, name: &str) -> Vec<Event> {
        self.settle(name, Outcome::Succeeded(json!(name)))
    }

    pub(super) fn fail(&mut self, name: &str) -> Vec<Event> {
        self.settle(name, Outcome::Failed(error("bad")))
    }

    /// Time goes on, and the run is told.
    pub(super) fn after(&mut self, duration: Duration) -> Vec<Event> {
        self.now = self.now.saturating_add(duration);
        self.tell(Command::Tick)
    }

    /// Time goes on to the next attempt, of which it answers how far off it was.
    pub(super) fn after_backoff(&mut self) -> Duration {
        let delay = self.state.next_wake().expect("another attempt").since(self.now);
        assert_eq!(names(&self.after(delay)), ["step.started"]);
        delay
    }

    /// The process dies, and another one replays what it finds.
    pub(super) fn crash(&mut self, predecessor_dead: bool) -> Vec<Event> {
        let replayed = Self::replayed(Arc::clone(&self.definition), self.journal.clone(), self.now);
        check::same(&self.state, &replayed.state);
        *self = replayed;
        self.tell(Command::Recover { predecessor_dead })
    }

    pub(super) fn cancel(&mut self) -> Vec<Event> {
        self.message(Message::Cancel { by: by() })
    }

    pub(super) fn pause(&mut self) -> Vec<Event> {
        self.message(Message::Pause { by: by() })
    }

    pub(super) fn resume(&mut self) -> Vec<Event> {
        self.message(Message::Resume { by: by() })
    }

    pub(super) fn retry(&mut self) -> Vec<Event> {
        self.message(Message::Retry { by: by() })
    }

    pub(super) fn resolve(&mut self, name: &str, resolution: Resolution) -> Vec<Event> {
        self.message(Message::Resolve {
            activity: activity(name),
            resolution,
            by: by(),
        })
    }

    pub(super) fn signal(&mut self, name: &str, payload: Value) -> Vec<Event> {
        self.message(Message::Signal {
            id: format!("{}", self.journal.len()),
            name: name.to_owned(),
            payload: Datum::new(payload),
        })
    }

    pub(super) fn decide(&mut self, approval: ApprovalId, approve: bool) -> Vec<Event> {
        self.message(Message::Decide {
            approval,
            approve,
            comment: None,
            by: by(),
        })
    }

    pub(super) fn start_child(&mut self, name: &str) -> Vec<Event> {
        let attempt = self.at(name).attempts;
        self.tell(Command::StartChild {
            activity: activity(name),
            attempt,
            found: Ok(found_child()),
        })
    }

    /// The child that the activity waits for ends.
    pub(super) fn end_child(&mut self, name: &str, status: RunStatus) -> Vec<Event> {
        let Some(Wait::Child { run, round, .. }) = self.at(name).wait.clone() else {
            panic!("{name} waits for no child");
        };
        self.message(Message::ChildEnded {
            child: run,
            activity: activity(name),
            generation: 0,
            round,
            status,
            output: Datum::new(json!(1)),
            error: None,
        })
    }

    pub(super) fn at(&self, name: &str) -> &ActivityState {
        self.state.activity(&activity(name)).expect("there is such an activity")
    }

    pub(super) fn is(&self, name: &str, status: StepStatus) -> bool {
        self.at(name).status == status
    }

    pub(super) fn approval(&self, name: &str) -> ApprovalId {
        match self.at(name).wait {
            Some(Wait::Approval { id }) => id,
            ref other => panic!("{name} waits for {other:?}"),
        }
    }

    pub(super) fn child(&self, name: &str) -> RunId {
        match self.at(name).wait {
            Some(Wait::Child { run, .. }) => run,
            ref other => panic!("{name} waits for {other:?}"),
        }
    }

    pub(super) fn task(&self, name: &str) -> TaskId {
        match self.at(name).wait {
            Some(Wait::Task { id, .. }) => id,
            ref other => panic!("{name} waits for {other:?}"),
        }
    }

    /// What `worker`, or the end of its lease, says of the task that the activity waits for.
    pub(super) fn end_task(&mut self, name: &str, end: TaskEnd) -> Vec<Event> {
        let claim = (end != TaskEnd::Withdrawn).then(|| (Arc::from("worker"), self.now));
        let task = self.task(name);
        self.message(Message::TaskEnded(Box::new(TaskEnded {
            task,
            activity: activity(name),
            claim,
            end,
        })))
    }

    /// The task that was taken back is not there, and nobody knows who had it.
    pub(super) fn lose_task(&mut self, name: &str) -> Vec<Event> {
        let task = self.task(name);
        self.message(Message::TaskEnded(Box::new(TaskEnded {
            task,
            activity: activity(name),
            claim: None,
            end: TaskEnd::Lapsed {
                timed_out: false,
                deadline: None,
            },
        })))
    }

    /// The tasks that the last command offered.
    pub(super) fn offers(&self) -> Vec<&TaskPlan> {
        self.actions
            .iter()
            .filter_map(|action| match action {
                Action::Offer(plan) => Some(&**plan),
                _ => None,
            })
            .collect()
    }

    /// The attempts that the last command began.
    pub(super) fn starts(&self) -> Vec<&AttemptPlan> {
        let start = |action: &'_ Action| matches!(action, Action::Start(_));
        self.actions
            .iter()
            .filter(|action| start(action))
            .filter_map(|action| match action {
                Action::Start(plan) => Some(&**plan),
                _ => None,
            })
            .collect()
    }

    /// The activities that the last command told to stop.
    pub(super) fn stops(&self) -> Vec<String> {
        self.actions
            .iter()
            .filter_map(|action| match action {
                Action::Stop { activity } => Some(activity.to_string()),
                _ => None,
            })
            .collect()
    }
}

/// `step`, `step[3]`, `step.compensate`.
pub(super) fn activity(name: &str) -> ActivityRef {
    ActivityRef::parse(name).expect("the name of an activity")
}

pub(super) fn by() -> Arc<str> {
    Arc::from("somebody")
}

pub(super) fn error(code: &'static str) -> StepError {
    StepError::new(code, "")
}

/// The events by their names, for the shape of a decision.
pub(super) fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::name).collect()
}

/// An effectful step of this class.
pub(super) fn act(id: &str, effect: &str) -> Value {
    json!({ "id": id, "kind": "act", "effect": effect })
}

/// `base` with these fields in it.
pub(super) fn with(mut base: Value, more: Value) -> Value {
    if let (Value::Object(base), Value::Object(more)) = (&mut base, more) {
        base.extend(more);
    }
    base
}
