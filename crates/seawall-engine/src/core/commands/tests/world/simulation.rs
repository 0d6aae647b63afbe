//! The world round a run: attempts that are in flight, effects that happened, a journal of which the tail may be lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use seawall_store::{ApprovalId, Digest, RunId, RunStatus, TaskId, Timestamp};
use serde_json::json;

use super::op::{ChildEnd, End, Found, Op, Search};
use crate::core::command::{Action, AttemptPlan, Command, Message, TaskPlan};
use crate::core::commands::tests::kit::{LEASE, Subject, activity, by, child_that_takes, error, found_child};
use crate::core::event::{BlockReason, Event, Resolution};
use crate::core::state::{StepStatus, Wait};
use crate::datum::Datum;
use crate::effect::EffectClass;
use crate::executor::{Outcome, StepError};
use crate::names::{ActivityRef, EffectKey, Part};

const HOUR_MS: i64 = 3_600_000;
/// No wait of these runs is longer, nor any two of them together: whatever the clock was set to before.
const LONGEST: Duration = Duration::from_secs(600);

/// What an event puts into the future.
fn instant(event: &Event) -> Option<Timestamp> {
    match event {
        Event::StepStarted(started) => started.deadline,
        Event::StepFailed { retry_at, .. } => *retry_at,
        Event::StepDeferred { until, .. } | Event::TimerSet { until, .. } => Some(*until),
        Event::StepOutcomeUnknown { safe_after, .. } => *safe_after,
        Event::SignalAwaited { until, .. } => *until,
        Event::ApprovalRequested(asked) => asked.expires_at,
        _ => None,
    }
}

/// What the other side knows of an effect key.
#[derive(Clone, Debug, Default)]
pub(super) struct Key {
    /// How often the effect happened.
    pub(super) acted: u32,
    /// An attempt under this key may have been sent, and nobody saw how it ended.
    pub(super) doubted: Option<Digest>,
    /// An attempt of a `once` step came to an end that its author did not name for a retry.
    pub(super) closed: bool,
}

pub(super) struct World {
    pub(super) run: Subject,
    flying: BTreeMap<ActivityRef, AttemptPlan>,
    lookups: BTreeMap<ActivityRef, u32>,
    /// What workers outside can see. A task that nobody needs any more may stay here.
    pub(super) offers: BTreeMap<TaskId, TaskPlan>,
    pub(super) keys: BTreeMap<String, Key>,
    /// Events up to here survive a crash.
    pub(super) durable: usize,
    /// Where decisions ended: only whole ones are lost.
    ends: Vec<usize>,
    pub(super) time: Timestamp,
    last: Option<(ActivityRef, u32)>,
    /// Every process that ever held the run is known to be dead.
    all_dead: bool,
    /// The key of an `idempotent` attempt in doubt: no other one before somebody has resolved it.
    pub(super) doubts: BTreeMap<ActivityRef, EffectKey>,
    /// Until when a process that nobody knows to be dead may be at a `once` attempt.
    pub(super) alive: BTreeMap<ActivityRef, Timestamp>,
}

impl World {
    pub(super) fn new(run: Subject) -> Self {
        let world = Self {
            time: run.now,
            durable: run.journal.len(),
            ends: vec![run.journal.len()],
            run,
            flying: BTreeMap::new(),
            lookups: BTreeMap::new(),
            offers: BTreeMap::new(),
            keys: BTreeMap::new(),
            last: None,
            all_dead: true,
            doubts: BTreeMap::new(),
            alive: BTreeMap::new(),
        };
        world.justified();
        world
    }

    pub(super) fn begin(&mut self) {
        self.tell(Command::Begin);
    }

    pub(super) fn is_gated(&self) -> bool {
        self.run.state.gated || self.run.state.awaits_readmission()
    }

    pub(super) fn ended(&self) -> bool {
        self.run.state.is_terminal() && !self.run.state.awaits_readmission()
    }

    fn tell(&mut self, command: Command) -> Vec<Event> {
        let events = self.tell_unready(command);
        self.justified();
        events
    }

    fn tell_unready(&mut self, command: Command) -> Vec<Event> {
        self.run.now = self.time;
        self.run.random = self.run.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let events = self.run.tell(command);
        for event in &events {
            self.see(event);
        }
        for until in events.iter().filter_map(instant) {
            assert!(
                until <= self.time.saturating_add(LONGEST),
                "{until:?} is too far away: {events:?}"
            );
        }
        self.ends.push(self.run.journal.len());
        for action in std::mem::take(&mut self.run.actions) {
            match action {
                Action::Start(plan) => self.start(*plan),
                Action::Stop { .. } => {}
                Action::Offer(plan) => self.offer(&plan),
                Action::FindChild { activity, attempt, .. } => {
                    self.lookups.insert(activity, attempt);
                }
            }
        }
        // What anybody outside can see is durable: ends, approvals, children, blocks.
        let seen = |event: &Event| !event.name().starts_with("step.");
        if events.iter().any(seen) {
            self.durable = self.run.journal.len();
        }
        events
    }

    /// Nobody knows how an attempt under this key ended. If the activity asks another question by now, nobody cares.
    pub(super) fn doubt(&mut self, activity: ActivityRef, key: EffectKey) {
        let state = &self.run.state;
        let generation = state.activity(&activity).map_or(0, |of| of.generation);
        if key == EffectKey::derive(state.run, &activity, generation) {
            self.doubts.insert(activity, key);
        }
    }

    /// What ends a doubt.
    fn see(&mut self, event: &Event) {
        match event {
            Event::StepSucceeded { activity, .. } => drop(self.doubts.remove(activity)),
            Event::StepOutcomeResolved { activity, .. } => {
                self.doubts.remove(activity);
            }
            // What looks into it asks another question than before.
            Event::StepOutcomeUnknown { activity, .. } => {
                self.doubts.remove(&activity.clone().with_part(Part::Reconcile));
            }
            _ => {}
        }
    }

    fn start(&mut self, plan: AttemptPlan) {
        if plan.effect.waits_for_durability() {
            self.durable = self.run.journal.len();
        }
        let key = self.keys.entry(plan.effect_key.digest().to_hex()).or_default();
        let request = plan.request.digest();
        match plan.effect {
            EffectClass::Once => {
                let known = (key.acted, key.doubted, key.closed);
                assert_eq!(known, (0, None, false), "a second attempt of {plan:?}");
                // Once it is over, a clock that is set back brings no process back to life.
                let alive = self.alive.remove(&plan.activity);
                let over = alive.is_none_or(|until| until <= self.time);
                assert!(over, "an earlier process may be at it until {alive:?}: {plan:?}");
            }
            EffectClass::Idempotent => {
                let same = key.doubted.is_none_or(|sent| sent == request);
                assert!(same, "another request under the key of one in doubt: {plan:?}");
                let doubt = self.doubts.get(&plan.activity);
                let keeps = doubt.is_none_or(|key| *key == plan.effect_key);
                assert!(keeps, "another key while the one before may be in effect: {plan:?}");
            }
            EffectClass::Pure | EffectClass::Read => {}
        }
        let state = self.run.state.activity(&plan.activity).expect("it began");
        let derived = EffectKey::derive(self.run.state.run, &plan.activity, state.generation);
        assert_eq!((plan.effect_key, plan.attempt), (derived, state.attempts));
        if let Some(before) = self.flying.insert(plan.activity.clone(), plan) {
            panic!("two attempts at once: {before:?}");
        }
    }

    /// The run has ended, or somebody can say what it waits for.
    fn justified(&self) {
        let state = &self.run.state;
        let mut known: Vec<(&ActivityRef, u32)> = self.flying.iter().map(|(a, plan)| (a, plan.attempt)).collect();
        known.extend(self.lookups.iter().map(|(a, attempt)| (a, *attempt)));
        known.retain(|(activity, attempt)| {
            let of = state.activity(activity);
            of.is_some_and(|of| of.status == StepStatus::Running && of.attempts == *attempt)
        });
        assert_eq!(known.len(), state.in_flight() as usize, "attempts that nobody makes");
        let asks = self.approvals().len() + self.signals().len() + self.children().len() + self.tasks().len();
        let unknown = !self.picks(StepStatus::Unknown).is_empty();
        match state.status() {
            RunStatus::Running => assert!(!known.is_empty(), "the run is stranded: {:?}", state.steps),
            RunStatus::Waiting => assert!(asks > 0 || state.next_wake().is_some(), "{:?}", state.steps),
            RunStatus::Blocked => {
                let deadly = matches!(state.blocked, Some(BlockReason::HoldersDied(_)));
                assert!(deadly || unknown, "blocked by nothing");
                assert_eq!(state.awaits(), seawall_store::Awaits::Person);
            }
            RunStatus::Paused => assert!(state.paused),
            RunStatus::Queued => assert!(matches!(state.phase, crate::core::state::Phase::Queued)),
            RunStatus::Succeeded | RunStatus::Failed | RunStatus::Cancelled => {
                assert_eq!((known.len(), asks, unknown), (0, 0, false));
                assert_eq!(state.next_wake(), None);
            }
        }
    }

    fn picks(&self, status: StepStatus) -> Vec<ActivityRef> {
        let state = &self.run.state;
        state
            .activities()
            .filter(|(_, of)| of.status == status)
            .map(|(slot, _)| state.name(slot))
            .collect()
    }

    pub(super) fn waits<T>(&self, of: impl Fn(&Wait) -> Option<T>) -> Vec<(ActivityRef, T)> {
        let state = &self.run.state;
        state
            .activities()
            .filter_map(|(slot, activity)| Some((state.name(slot), of(activity.wait.as_ref()?)?)))
            .collect()
    }

    pub(super) fn approvals(&self) -> Vec<(ActivityRef, ApprovalId)> {
        self.waits(|wait| match wait {
            Wait::Approval { id } => Some(*id),
            _ => None,
        })
    }

    pub(super) fn signals(&self) -> Vec<(ActivityRef, String)> {
        self.waits(|wait| match wait {
            Wait::Signal { name } => Some(name.clone()),
            _ => None,
        })
    }

    pub(super) fn children(&self) -> Vec<(ActivityRef, RunId)> {
        self.waits(|wait| match wait {
            Wait::Child { run, .. } => Some(*run),
            _ => None,
        })
    }

    pub(super) fn flying(&self) -> usize {
        self.flying.len()
    }

    pub(super) fn lookups(&self) -> usize {
        self.lookups.len()
    }

    pub(super) fn unknown(&self) -> usize {
        self.picks(StepStatus::Unknown).len()
    }

    pub(super) fn apply(&mut self, op: Op) {
        match op {
            Op::Settle { pick, end } => self.settle(pick, end),
            Op::Child { pick, end } => self.child(pick, end),
            Op::Lookup { pick, search } => self.lookup(pick, search),
            Op::Task { pick, end } => self.task(pick, end),
            Op::Full { full } => self.fill(full),
            Op::Signal { name } => self.signal(name),
            Op::Decide { pick, approve } => {
                if let Some((_, id)) = chosen(&self.approvals(), pick) {
                    self.decide(*id, approve);
                    assert!(self.decide(*id, !approve).is_empty(), "{id} was decided twice");
                }
            }
            Op::Resolve { pick, found } => self.resolve(pick, found),
            Op::Wait { beyond } => self.wait(beyond),
            Op::Tick { back } => {
                let now = self.time;
                self.time = Timestamp::from_millis(now.as_millis() - i64::from(back));
                self.tell(Command::Tick);
                self.time = now;
            }
            Op::Jump { ahead } => {
                if ahead {
                    self.time = Timestamp::from_millis(self.time.as_millis() + HOUR_MS);
                } else {
                    self.set_back(HOUR_MS);
                }
                self.tell(Command::Tick);
            }
            Op::Crash { lost, acted, dead } => self.crash(lost, acted, dead, false),
            Op::Deadly => self.crash(0, 0x55, false, true),
            Op::Pause => drop(self.message(Message::Pause { by: by() })),
            Op::Resume => drop(self.message(Message::Resume { by: by() })),
            Op::Cancel => drop(self.message(Message::Cancel { by: by() })),
            Op::Admit => drop(self.message(Message::Admitted)),
            Op::Supersede { reason } => {
                let by = RunId::derived(&[b"newer"]);
                drop(self.message(Message::Superseded { by, reason }));
            }
            Op::Reject => drop(self.message(Message::Rejected)),
            Op::Retry => {
                let round = self.run.state.asked + 1;
                drop(self.message(match self.run.state.parent {
                    None => Message::Retry { by: by() },
                    Some(_) => Message::ParentRetried { by: by(), round },
                }));
            }
            Op::Nonsense { kind, pick } => self.nonsense(kind, pick),
        }
    }

    pub(super) fn message(&mut self, message: Message) -> Vec<Event> {
        self.tell(Command::Message(message))
    }

    fn settle(&mut self, pick: u8, end: End) {
        let flying: Vec<ActivityRef> = self.flying.keys().cloned().collect();
        let Some(activity) = chosen(&flying, pick) else { return };
        let plan = self.flying.remove(activity).expect("it is in flight");
        if matches!(end, End::Unknown { .. }) && plan.effect == EffectClass::Idempotent && &*plan.kind != "transform" {
            self.doubt(activity.clone(), plan.effect_key);
        }
        let key = self.keys.entry(plan.effect_key.digest().to_hex()).or_default();
        let step = self.run.state.doing(self.run.state.slot(activity).expect("it exists"));
        if matches!(end, End::Failed | End::Permanent) && step.effect == EffectClass::Once {
            // What is useless to repeat is repeated only if it is named by its code.
            let names = |code: &str| step.retry.on.iter().flatten().any(|on| on == code);
            key.closed = if end == End::Permanent {
                !names("bad")
            } else {
                step.retry.on.is_none()
            };
        }
        let outcome = match end {
            // Done in place: it has no other end than its value.
            _ if &*plan.kind == "transform" => Outcome::Succeeded(plan.request.value.clone()),
            End::Succeeded => {
                key.acted += 1;
                Outcome::Succeeded(match plan.activity.part {
                    Part::Reconcile => answer(plan.attempt),
                    _ => json!({ "at": plan.attempt }),
                })
            }
            End::Failed => Outcome::Failed(error("bad")),
            End::Permanent => Outcome::Failed(StepError::permanent("bad", "")),
            End::NotBegun => Outcome::NotBegun(error("no-connection")),
            End::Unknown { acted } => {
                key.acted += u32::from(acted);
                key.doubted = Some(plan.request.digest());
                Outcome::Unknown(error("reset"))
            }
            End::Deferred { millis } => Outcome::Deferred {
                until: self.time.saturating_add(Duration::from_millis(millis.into())),
                reason: "the breaker is open".to_owned(),
            },
        };
        let command = Command::Settle {
            activity: plan.activity.clone(),
            attempt: plan.attempt,
            outcome: outcome.clone(),
        };
        self.last = Some((plan.activity, plan.attempt));
        assert!(!self.tell(command.clone()).is_empty(), "the end of an attempt was lost");
        assert!(self.tell(command).is_empty(), "an attempt ended twice: {outcome:?}");
    }

    fn child(&mut self, pick: u8, end: ChildEnd) {
        let children = self.children();
        let Some((activity, child)) = chosen(&children, pick) else {
            return;
        };
        let (status, error) = match end {
            ChildEnd::Succeeded => (RunStatus::Succeeded, None),
            ChildEnd::Failed => (RunStatus::Failed, Some(error("bad"))),
            ChildEnd::Cancelled => (RunStatus::Cancelled, None),
        };
        let round = match self.run.state.activity(activity).and_then(|own| own.wait.as_ref()) {
            Some(Wait::Child { round, .. }) => *round,
            _ => 0,
        };
        let message = Message::ChildEnded {
            child: *child,
            activity: activity.clone(),
            generation: 0,
            round,
            status,
            output: Datum::new(json!(1)),
            error,
        };
        assert!(!self.message(message.clone()).is_empty(), "a child's end was lost");
        assert!(self.message(message).is_empty(), "a child ended twice");
    }

    fn lookup(&mut self, pick: u8, search: Search) {
        let lookups: Vec<ActivityRef> = self.lookups.keys().cloned().collect();
        let Some(activity) = chosen(&lookups, pick) else { return };
        let attempt = self.lookups.remove(activity).expect("it is being looked up");
        let found = match search {
            Search::Found => Ok(found_child()),
            // Those of these runs are objects.
            Search::Refuses => Ok(child_that_takes(&json!({ "type": "string" }))),
            Search::Nothing => Err(error("no-such-workflow")),
        };
        let activity = activity.clone();
        let events = self.tell(Command::StartChild {
            activity,
            attempt,
            found,
        });
        let begun = events.iter().any(|event| matches!(event, Event::ChildStarted(_)));
        assert!(
            !begun || search == Search::Found,
            "a child that must not be: {events:?}"
        );
    }

    pub(super) fn signal(&mut self, name: &str) {
        let waiters = self.signals().iter().filter(|(_, awaited)| awaited == name).count();
        let kept = self.run.state.signals.len();
        self.message(Message::Signal {
            id: self.run.journal.len().to_string(),
            name: name.to_owned(),
            payload: Datum::new(json!({ "from": "outside" })),
        });
        assert!(
            waiters == 0 || self.run.state.signals.len() <= kept,
            "a signal passed by its waiter"
        );
    }

    fn decide(&mut self, approval: ApprovalId, approve: bool) -> Vec<Event> {
        let message = Message::Decide {
            approval,
            approve,
            comment: Some("so be it".to_owned()),
            by: by(),
        };
        self.message(message)
    }

    fn resolve(&mut self, pick: u8, found: Found) {
        let mut unknown = self.picks(StepStatus::Unknown);
        if found == Found::Wrong && matches!(self.run.state.blocked, Some(BlockReason::HoldersDied(_))) {
            let parts = self.picks(StepStatus::Retrying).into_iter();
            unknown.extend(parts.filter(|activity| activity.part != Part::Main));
        }
        let Some(activity) = chosen(&unknown, pick) else { return };
        let resolution = match found {
            Found::Out => Resolution::Succeeded(Datum::new(json!("found"))),
            Found::Again => Resolution::Retry,
            Found::Wrong => Resolution::Failed("it did not".to_owned()),
        };
        let message = Message::Resolve {
            activity: activity.clone(),
            resolution,
            by: by(),
        };
        self.doubts.remove(activity);
        assert!(!self.message(message.clone()).is_empty());
        if !self.picks(StepStatus::Unknown).contains(activity) {
            assert!(self.message(message).is_empty(), "{activity} was resolved twice");
        }
    }

    pub(super) fn wait(&mut self, beyond: u16) {
        let Some(wake) = self.run.state.next_wake() else {
            self.time = self.time.saturating_add(Duration::from_millis(beyond.into()));
            self.tell(Command::Tick);
            return;
        };
        self.time = self.time.max(wake).saturating_add(Duration::from_millis(beyond.into()));
        while self.tell(Command::Tick).is_empty() {
            let state = &self.run.state;
            assert!(self.run.crowded.is_some(), "woken for nothing: {:?}", state.timers);
            assert!(!self.run.full.is_empty(), "there is room: {:?}", state.timers);
            // What is not due yet need not wait for room.
            let Some(wake) = state.next_wake_after(self.time) else {
                return;
            };
            self.time = wake;
        }
    }

    /// The clock alone: what old processes have left stays the same.
    fn set_back(&mut self, millis: i64) {
        let back = |at: Timestamp| Timestamp::from_millis(at.as_millis() - millis);
        self.time = back(self.time);
        for until in self.alive.values_mut() {
            *until = back(*until);
        }
    }

    /// The process dies. Whole decisions that are not durable yet are lost; each attempt in flight may have acted.
    pub(super) fn crash(&mut self, lost: u8, acted: u8, dead: bool, deadly: bool) {
        self.all_dead &= dead;
        // The next node's clock is behind.
        self.set_back(i64::from(acted) * 4);
        for (place, plan) in std::mem::take(&mut self.flying).into_values().enumerate() {
            let key = self.keys.entry(plan.effect_key.digest().to_hex()).or_default();
            key.acted += u32::from(acted >> (place % 8) & 1);
            key.doubted = Some(plan.request.digest());
            match plan.effect {
                EffectClass::Idempotent => self.doubt(plan.activity, plan.effect_key),
                EffectClass::Once if deadly || !self.all_dead => {
                    let until = self.time.saturating_add(LEASE);
                    self.alive.insert(plan.activity, until);
                }
                _ => {}
            }
        }
        self.lookups.clear();
        self.last = None;
        self.ends.retain(|end| *end >= self.durable);
        let keep = self.ends.len() - 1 - usize::from(lost) % self.ends.len();
        let mut journal = self.run.journal.clone();
        journal.truncate(self.ends[keep]);
        self.ends.truncate(keep + 1);
        let replayed = Subject::replayed(Arc::clone(&self.run.definition), journal, self.time);
        if replayed.journal.len() == self.run.journal.len() {
            crate::core::commands::tests::check::same(&self.run.state, &replayed.state);
        }
        self.run = Subject {
            random: self.run.random,
            full: self.run.full.clone(),
            ..replayed
        };
        self.durable = self.run.journal.len();
        if deadly {
            // As the runtime does: before anything is begun again. A run that is blocked already is not blocked twice, and
            // what was in flight is recovered only then.
            self.tell_unready(Command::BlockDeadly { deaths: 10 });
        }
        self.tell(Command::Recover {
            predecessor_dead: self.all_dead,
        });
    }

    /// Commands that are late, early, doubled, or about nothing that exists.
    fn nonsense(&mut self, kind: u8, pick: u8) {
        let steps = &self.run.definition.steps;
        let name = steps[usize::from(pick) % steps.len()].id.to_string();
        let odd = match pick % 6 {
            0 => activity(&name),
            4 => activity(&format!("{name}.compensate")),
            5 => activity(&format!("{name}[1].reconcile")),
            1 => activity(&format!("{name}[4000000000]")),
            2 => activity(&format!("{name}[0]")),
            _ => activity("no-such-step"),
        };
        let resolve = |resolution| {
            Command::Message(Message::Resolve {
                activity: odd.clone(),
                resolution,
                by: by(),
            })
        };
        let command = match kind % 7 {
            0 if self.run.state.status() == RunStatus::Queued => return,
            0 => Command::Begin,
            1 => Command::Settle {
                activity: odd,
                attempt: u32::MAX,
                outcome: Outcome::Succeeded(json!(1)),
            },
            2 => Command::StartChild {
                activity: odd,
                attempt: 0,
                found: Err(error("x")),
            },
            3 => Command::Message(Message::Decide {
                approval: ApprovalId::derived(&[b"none"]),
                approve: true,
                comment: None,
                by: by(),
            }),
            4 => Command::Message(Message::ChildEnded {
                child: RunId::derived(&[b"none"]),
                activity: odd,
                generation: 7,
                round: 0,
                status: RunStatus::Running,
                output: Datum::null(),
                error: None,
            }),
            5 if self.picks(StepStatus::Unknown).contains(&odd) => return,
            5 => resolve(Resolution::Retry),
            _ => match self.last.clone() {
                Some((activity, attempt)) => Command::Settle {
                    activity,
                    attempt,
                    outcome: Outcome::Failed(error("late")),
                },
                None => return,
            },
        };
        let events = self.tell(command);
        assert!(events.is_empty(), "nonsense led to {events:?}");
    }
}

/// What a reconcile step finds out.
pub(super) fn answer(attempt: u32) -> serde_json::Value {
    match attempt % 6 {
        0 => json!({ "outcome": "succeeded", "output": { "found": attempt } }),
        1 => json!({ "outcome": "unknown" }),
        2 => json!({ "outcome": "retry" }),
        3 => json!({ "outcome": "failed", "message": "it did not" }),
        4 => json!("no answer at all"),
        _ => json!({ "outcome": "succeeded" }),
    }
}

pub(super) fn chosen<T>(from: &[T], pick: u8) -> Option<&T> {
    from.get(usize::from(pick) % from.len().max(1))
}
