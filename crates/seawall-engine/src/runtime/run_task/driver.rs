//! The synchronous half of a run task: the state, the events that are not durable yet, and the attempts that wait for them.
//!
//! Nothing here awaits. Commands go in; batches to append and attempts to begin come out, in the order that the output
//! commit rule allows. Steps of the kind `transform` are done here, without a task: their rendered request is their output.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use seawall_store::{QueueName, Seq, TenantId, Timestamp};

use crate::clock::Clock;
use crate::core::{Action, AttemptPlan, Command, Env, Event, Message, Recorded, RunState, TaskPlan, decide};
use crate::entropy::Entropy;
use crate::executor::{Outcome, StepError};
use crate::names::ActivityRef;
use crate::runtime::bounds::{bounded, usable};
use crate::runtime::queues::Queues;
use crate::runtime::run_task::facts::Facts;
use crate::runtime::run_task::room::Crowded;
use crate::runtime::run_task::weights::{EVENT_BYTES, payload, rendered};
use crate::runtime::shared::Shared;

/// A run never has more than about this undurable.
const MAX_EVENTS: usize = 256;
const MAX_BYTES: usize = 1024 * 1024;

/// The kind whose rendered request is its output.
pub(crate) const TRANSFORM: &str = "transform";

/// Why something that was about to begin did not.
pub(super) const SHUTTING_DOWN: &str = "the node was shutting down";

/// What is next among the attempts that may begin.
pub(super) enum Next {
    Nothing,
    /// One was done in place.
    Done,
    Begin(Box<AttemptPlan>),
}

/// A child's definition to be looked up.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) activity: ActivityRef,
    pub(super) attempt: u32,
    pub(super) workflow: String,
    pub(super) version: Option<u32>,
}

/// Everything that is to become durable next.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) events: Vec<Recorded>,
    /// Inbox rows whose events stand in it, or that led to none.
    pub(super) consumed: Vec<i64>,
    /// The tasks that its events offer, in their order.
    pub(super) offers: Vec<TaskPlan>,
    /// Something has come of the run, beyond what a new holder found and began.
    pub(super) progress: bool,
}

/// What decisions are made with, besides the state.
struct Around {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    lease: Duration,
    queues: Arc<Queues>,
    tenant: TenantId,
}

pub(super) struct Driver {
    state: RunState,
    around: Around,
    /// The last durable event.
    durable: Seq,
    pending: Batch,
    pending_bytes: usize,
    flying_events: usize,
    flying_bytes: usize,
    flying_consumed: Vec<i64>,
    /// Of the events that are on their way.
    facts: Facts,
    ready: VecDeque<Box<AttemptPlan>>,
    /// Attempts that may begin once the event at this place is durable, in its order.
    waiting: VecDeque<(Seq, Box<AttemptPlan>)>,
    lookups: Vec<Lookup>,
    stops: Vec<ActivityRef>,
    draining: bool,
    /// Inside [`Driver::take_over`].
    taking_over: bool,
    /// Until the next event.
    crowded: Option<Crowded>,
}

impl Driver {
    /// A run whose state is that of its durable journal.
    pub(super) fn new(state: RunState, shared: &Shared, tenant: &TenantId) -> Self {
        Self {
            durable: state.seq,
            state,
            around: Around {
                clock: Arc::clone(&shared.clock),
                entropy: Arc::clone(&shared.entropy),
                lease: shared.config.lease,
                queues: Arc::clone(&shared.queues),
                tenant: tenant.clone(),
            },
            pending: Batch::default(),
            pending_bytes: 0,
            flying_events: 0,
            flying_bytes: 0,
            flying_consumed: Vec::new(),
            facts: Facts::for_observer(shared.observer.clone()),
            ready: VecDeque::new(),
            waiting: VecDeque::new(),
            lookups: Vec::new(),
            stops: Vec::new(),
            draining: false,
            taking_over: false,
            crowded: None,
        }
    }

    /// A run of which nothing is durable yet.
    pub(super) fn unborn(state: RunState, creation: Vec<Recorded>, shared: &Shared, tenant: &TenantId) -> Self {
        let mut driver = Self::new(state, shared, tenant);
        driver.durable = Seq(0);
        driver.pending_bytes = creation.len() * EVENT_BYTES + driver.state.bytes;
        driver.pending.events = creation;
        driver
    }

    pub(super) const fn state(&self) -> &RunState {
        &self.state
    }

    pub(super) const fn durable(&self) -> Seq {
        self.durable
    }

    pub(super) fn now(&self) -> Timestamp {
        self.around.clock.now()
    }

    /// When the run has something to do by itself.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.crowded
            .map_or_else(|| self.state.next_wake(), |crowded| crowded.next_wake(&self.state))
    }

    /// The queues in which the run waits for room, and since when.
    pub(super) fn waits_for_room(&self) -> Option<(Timestamp, BTreeSet<QueueName>)> {
        self.crowded.and_then(|crowded| crowded.queues(&self.state))
    }

    /// Applies what a new holder has to. That it does is no progress of the run: a step that kills each process that begins
    /// it would look harmless by its own StepStarted.
    pub(super) fn take_over(&mut self, commands: impl IntoIterator<Item = Command>) {
        self.taking_over = true;
        for command in commands {
            self.apply(command);
        }
        self.taking_over = false;
    }

    /// Decides, and keeps what follows. Answers whether anything did.
    pub(super) fn apply(&mut self, command: Command) -> bool {
        let full = self.around.queues.full(&self.around.tenant);
        let env = Env {
            now: self.around.clock.now(),
            random: self.around.entropy.bits(),
            lease: self.around.lease,
            full: &full,
        };
        let (now, random) = (env.now, env.random);
        let ticks = matches!(command, Command::Tick);
        self.pending_bytes += payload(&command);
        let decision = decide(&mut self.state, command, &env);
        self.pending.progress |= !self.taking_over && !decision.events.is_empty();
        if ticks || !decision.events.is_empty() {
            // After an event, something else may be due.
            let since = decision.crowded.filter(|_| decision.events.is_empty());
            self.crowded = since.map(|since| Crowded::since(since, now, random));
        }
        let led_to_something = !decision.events.is_empty() || !decision.actions.is_empty();
        self.pending_bytes += decision
            .events
            .iter()
            .map(|recorded| rendered(&recorded.event))
            .sum::<usize>();
        self.pending.events.extend(decision.events);
        // A decision is one operation: what it begins waits for all of its events.
        let last = self.state.seq;
        for action in decision.actions {
            match action {
                Action::Start(plan) if plan.effect.waits_for_durability() && last > self.durable => {
                    self.waiting.push_back((last, plan));
                }
                Action::Start(plan) => self.ready.push_back(plan),
                Action::FindChild {
                    activity,
                    attempt,
                    workflow,
                    version,
                } => self.lookups.push(Lookup {
                    activity,
                    attempt,
                    workflow,
                    version,
                }),
                Action::Stop { activity } => self.stops.push(activity),
                Action::Offer(plan) => {
                    self.pending_bytes += plan.payload.len();
                    self.pending.offers.push(*plan);
                }
            }
        }
        led_to_something
    }

    /// Applies a message; its row counts as read with the next batch.
    pub(super) fn take_message(&mut self, row: i64, message: Option<Message>) {
        self.pending.consumed.push(row);
        if let Some(message) = message {
            self.apply(Command::Message(usable(message)));
        }
    }

    /// Whether this inbox row was taken and that is not durable yet.
    pub(super) fn has_taken(&self, row: i64) -> bool {
        self.pending.consumed.contains(&row) || self.flying_consumed.contains(&row)
    }

    /// How many rows were taken and are still unread in the store.
    pub(super) fn taken(&self) -> usize {
        self.pending.consumed.len() + self.flying_consumed.len()
    }

    /// From now on nothing begins: what would is put off, so that it is known not to have begun.
    pub(super) fn drain(&mut self) {
        self.draining = true;
        let waiting = std::mem::take(&mut self.waiting);
        self.ready.extend(waiting.into_iter().map(|(_, plan)| plan));
    }

    /// Takes the next attempt that may begin, or does it if it needs nobody else.
    pub(super) fn next(&mut self) -> Next {
        let Some(plan) = self.ready.front() else {
            return Next::Nothing;
        };
        let in_place = self.draining || &*plan.kind == TRANSFORM;
        if in_place && self.is_full() {
            return Next::Nothing;
        }
        let Some(plan) = self.ready.pop_front() else {
            return Next::Nothing;
        };
        if !in_place {
            return Next::Begin(plan);
        }
        let outcome = if self.draining {
            Outcome::Deferred {
                until: self.now(),
                reason: SHUTTING_DOWN.to_owned(),
            }
        } else {
            bounded(Outcome::Succeeded(plan.request.value))
        };
        self.apply(Command::Settle {
            activity: plan.activity,
            attempt: plan.attempt,
            outcome,
        });
        Next::Done
    }

    /// Puts back what [`Driver::next`] gave.
    pub(super) fn put_back(&mut self, plan: Box<AttemptPlan>) {
        self.ready.push_front(plan);
    }

    pub(super) fn take_lookups(&mut self) -> Vec<Lookup> {
        std::mem::take(&mut self.lookups)
    }

    /// Activities whose running attempts are to stop. Those that have not begun are settled here: they never will.
    pub(super) fn take_stops(&mut self) -> Vec<ActivityRef> {
        let mut running = Vec::new();
        while let Some(activity) = self.stops.pop() {
            match self.withdraw(&activity) {
                Some(plan) => {
                    self.apply(Command::Settle {
                        activity,
                        attempt: plan.attempt,
                        outcome: Outcome::NotBegun(StepError::new("cancelled", "it was stopped before it began")),
                    });
                }
                None => running.push(activity),
            }
        }
        running
    }

    fn withdraw(&mut self, activity: &ActivityRef) -> Option<Box<AttemptPlan>> {
        if let Some(place) = self.ready.iter().position(|plan| plan.activity == *activity) {
            return self.ready.remove(place);
        }
        let place = self.waiting.iter().position(|(_, plan)| plan.activity == *activity)?;
        self.waiting.remove(place).map(|(_, plan)| plan)
    }

    /// Nothing more may be added before something has become durable.
    pub(super) fn is_full(&self) -> bool {
        self.pending.events.len() + self.flying_events >= MAX_EVENTS
            || self.pending_bytes + self.flying_bytes >= MAX_BYTES
            || self.taken() >= MAX_EVENTS
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.events.is_empty() || !self.pending.consumed.is_empty()
    }

    /// The run's end is among it.
    pub(super) fn has_end(&self) -> bool {
        let is_end = |event: &Event| {
            matches!(
                event,
                Event::RunSucceeded { .. } | Event::RunFailed { .. } | Event::RunCancelled
            )
        };
        self.pending.events.iter().any(|recorded| is_end(&recorded.event))
    }

    /// No attempt is about to begin.
    pub(super) fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.waiting.is_empty() && self.lookups.is_empty() && self.stops.is_empty()
    }

    /// Takes everything that waits to become durable; until it has, nothing else may be taken.
    pub(super) fn take_batch(&mut self) -> Batch {
        let batch = std::mem::take(&mut self.pending);
        self.flying_events = batch.events.len();
        self.flying_bytes = std::mem::take(&mut self.pending_bytes);
        self.flying_consumed.clone_from(&batch.consumed);
        self.facts.keep(&self.state, &batch.events);
        batch
    }

    /// Puts the events after the first `keep` back: they become durable with the next batch.
    pub(super) fn split(&mut self, batch: &mut Batch, keep: usize) {
        let rest = batch.events.split_off(keep.min(batch.events.len()));
        self.flying_events = batch.events.len();
        self.pending_bytes += rest.len() * EVENT_BYTES;
        self.pending.events.splice(0..0, rest);
        let offers = |recorded: &&Recorded| matches!(recorded.event, Event::TaskOffered(_));
        let kept = batch.events.iter().filter(offers).count();
        let later = batch.offers.split_off(kept.min(batch.offers.len()));
        self.pending_bytes += later.iter().map(|plan| plan.payload.len()).sum::<usize>();
        self.pending.offers.splice(0..0, later);
        self.facts.keep(&self.state, &batch.events);
    }

    /// What was taken last is durable, and the observer hears of it. [`Driver::confirm`] does this too.
    pub(super) fn tell_facts(&mut self) {
        self.facts.tell(&self.state);
    }

    /// The batch is durable, and with it everything up to `last`.
    pub(super) fn confirm(&mut self, last: Seq) {
        self.tell_facts();
        self.durable = self.durable.max(last);
        self.flying_events = 0;
        self.flying_bytes = 0;
        self.flying_consumed.clear();
        while self.waiting.front().is_some_and(|(seq, _)| *seq <= self.durable) {
            if let Some((_, plan)) = self.waiting.pop_front() {
                self.ready.push_back(plan);
            }
        }
    }
}
