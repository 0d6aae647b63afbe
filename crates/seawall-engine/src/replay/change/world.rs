//! The world round a run with a changed definition: everything that answers is on the tape.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use seawall_store::{Digest, QueueName, Seq, Timestamp};
use serde_json::Value;

use crate::core::{Action, AttemptPlan, Command, Env, Event, Recorded, RunState, TaskOffered, TaskPlan, full_queue};
use crate::datum::Datum;
use crate::definition::Definition;
use crate::names::ActivityRef;
use crate::replay::change::explain::Asked;
use crate::replay::change::finding::{Finding, FindingKind, Findings};
use crate::replay::change::tape::{Beat, Stimulus, Tape};
use crate::replay::stage::{Stage, origin};
use crate::runtime::TRANSFORM;

/// An attempt that nobody has answered yet.
pub(super) struct Flying {
    pub(super) attempt: u32,
    pub(super) request: Digest,
    /// Of a transform: what it gives.
    pub(super) value: Option<Value>,
    /// The recorded answer is one to another request.
    pub(super) refused: bool,
    /// It was told to stop, and nothing is recorded of how it ends.
    pub(super) withdrawn: bool,
    /// When it began, in the record.
    pub(super) since: Seq,
}

/// A child's definition that is being looked for.
pub(super) struct Wanted {
    pub(super) attempt: u32,
    pub(super) workflow: String,
    pub(super) version: Option<u32>,
    pub(super) refused: bool,
    pub(super) withdrawn: bool,
    pub(super) since: Seq,
}

pub(super) struct World {
    stage: Stage,
    pub(super) tape: Tape,
    pub(super) flying: BTreeMap<ActivityRef, Flying>,
    pub(super) wanted: BTreeMap<ActivityRef, Wanted>,
    /// The number in the record of the attempt that was answered last.
    pub(super) answered: BTreeMap<ActivityRef, u32>,
    /// The input that a child had in the record.
    pub(super) inputs: BTreeMap<ActivityRef, Datum>,
    /// Children with another input, and tasks with another payload: how the recorded ones ended says nothing of them.
    pub(super) strangers: BTreeMap<ActivityRef, u32>,
    pub(super) findings: Findings,
    /// Requests that changed, to be explained.
    pub(super) asked: Vec<Asked>,
    /// The record has been played up to this event.
    pub(super) place: Seq,
    /// The run's own timeout is the recorded one: it is over when the record says so.
    pub(super) same_timeout: bool,
    /// How long one lasted at the last recovery.
    lease: Duration,
    /// The queues that were full.
    pub(super) full: BTreeSet<QueueName>,
}

impl World {
    pub(super) fn new(changed: &Arc<Definition>, record: &[Recorded], tape: Tape) -> Self {
        let mut first = record[0].clone();
        if let Event::RunCreated(created) = &mut first.event {
            created.definition = changed.digest;
        }
        let mut stage = Stage::new(Arc::clone(changed), &first).expect("a creation that names this definition");
        stage.give(origin(record));
        Self {
            stage,
            same_timeout: tape.end.definition.timeout == changed.timeout,
            tape,
            flying: BTreeMap::new(),
            wanted: BTreeMap::new(),
            answered: BTreeMap::new(),
            inputs: BTreeMap::new(),
            strangers: BTreeMap::new(),
            findings: Findings::default(),
            asked: Vec::new(),
            place: first.seq,
            lease: Duration::ZERO,
            full: BTreeSet::new(),
        }
    }

    pub(super) const fn state(&self) -> &RunState {
        self.stage.state()
    }

    /// Plays the record, and then what is left to do without it.
    pub(super) fn run(&mut self) {
        self.look_at_input();
        for beat in std::mem::take(&mut self.tape.beats) {
            self.place = beat.seq;
            self.full.clone_from(&beat.around.full);
            self.lease = beat.lease.unwrap_or(self.lease);
            self.pass_time(beat.around.now);
            self.play(beat);
        }
        self.run_out();
    }

    fn play(&mut self, beat: Beat) {
        match beat.stimulus {
            Stimulus::Begin => self.tell(Command::Begin, beat.around.now),
            Stimulus::Recovery(command, lease) => {
                self.lose_attempts();
                self.lease = lease;
                self.tell(command, beat.around.now);
            }
            Stimulus::Tick => self.tell(Command::Tick, beat.around.now),
            Stimulus::Message(message) => self.tell(Command::Message(message), beat.around.now),
            Stimulus::Answer(activity) => self.deliver(VecDeque::from([activity]), beat.around.now),
        }
    }

    /// Tells the run something, and gives it every answer that it asks for in return and that is there.
    pub(super) fn tell(&mut self, command: Command, at: Timestamp) {
        let touched = self.decide(command, at);
        self.deliver(touched, at);
    }

    fn deliver(&mut self, mut touched: VecDeque<ActivityRef>, at: Timestamp) {
        // Each round uses an answer up, or computes a step: it ends.
        while let Some(activity) = touched.pop_front() {
            if let Some(command) = self.answer(&activity) {
                let more = self.decide(command, at);
                touched.push_back(activity);
                touched.extend(more);
            }
        }
    }

    /// Decides, and says who asks for something now.
    fn decide(&mut self, command: Command, at: Timestamp) -> VecDeque<ActivityRef> {
        let full = self.full.clone();
        let env = Env {
            now: at,
            random: 0,
            lease: self.lease,
            full: &full,
        };
        let decision = self.stage.decide(command, &env);
        let mut events = decision.events;
        let mut exact = true;
        for decided in &mut events {
            exact &= !self.take_recorded_time(decided);
        }
        self.stage.accept(&events, exact);
        let mut touched = VecDeque::new();
        for decided in &events {
            self.look_at(decided);
            touched.extend(asks(decided));
        }
        for action in decision.actions {
            if let Action::Offer(plan) = &action
                && let Some(offered) = offered_by(plan, &events)
            {
                self.look_at_task(plan, offered);
            }
            touched.extend(self.carry_out(action));
        }
        touched
    }

    /// Chance is recorded: the next attempt is due when it was. Answers whether that is another time.
    fn take_recorded_time(&mut self, decided: &mut Recorded) -> bool {
        let full = full_queue(&decided.event).is_some();
        if let Event::StepDeferred { activity, until, .. } = &mut decided.event {
            let answers = self.tape.answers.get_mut(activity).filter(|_| full);
            let recorded = answers.and_then(|of| of.put_off.pop_front());
            return recorded.is_some_and(|recorded| std::mem::replace(until, recorded) != recorded);
        }
        let Event::StepFailed {
            activity,
            retry_at: Some(at),
            ..
        } = &mut decided.event
        else {
            return false;
        };
        // A wait that failed was not answered; its attempts are counted here as they were there.
        let begun = || self.state().activity(activity).map_or(0, |of| of.attempts);
        let failed = self.answered.get(activity).copied().unwrap_or_else(begun);
        let answers = self.tape.answers.get(activity);
        match answers.and_then(|of| of.retries.get(&failed)) {
            Some(recorded) if recorded != at => {
                *at = *recorded;
                true
            }
            _ => false,
        }
    }

    fn carry_out(&mut self, action: Action) -> Option<ActivityRef> {
        match action {
            Action::Start(plan) => {
                let activity = plan.activity.clone();
                self.begin(*plan);
                Some(activity)
            }
            Action::FindChild {
                activity,
                attempt,
                workflow,
                version,
            } => {
                let wanted = Wanted {
                    attempt,
                    workflow,
                    version,
                    refused: false,
                    withdrawn: false,
                    since: self.place,
                };
                self.wanted.insert(activity.clone(), wanted);
                Some(activity)
            }
            Action::Stop { activity } => {
                self.stop(&activity);
                Some(activity)
            }
            // Its event says who waits; the answer is on the tape, as a child's end is.
            Action::Offer(_) => None,
        }
    }

    fn begin(&mut self, plan: AttemptPlan) {
        let request = plan.request.digest();
        let own = &*plan.kind == TRANSFORM;
        let answers = self.tape.answers.get(&plan.activity);
        let answer = answers.and_then(|of| of.attempts.front()).map(|answer| &answer.what);
        let changed = answer.filter(|answer| !own && answer.request.is_some_and(|recorded| recorded != request));
        let changed = changed.map(|answer| answer.attempt);
        if let Some(recorded) = changed {
            let message = format!("step `{}` would send another request", plan.activity);
            if let Some(finding) = self.find(Some(&plan.activity), FindingKind::RequestChanged, message) {
                self.asked.extend(Asked::new(finding, recorded, &plan));
            }
        }
        let flying = Flying {
            attempt: plan.attempt,
            request,
            value: own.then_some(plan.request.value),
            refused: changed.is_some(),
            withdrawn: false,
            since: self.place,
        };
        self.flying.insert(plan.activity, flying);
    }

    /// What nobody answers would never end: told to stop, it does.
    fn stop(&mut self, activity: &ActivityRef) {
        let answers = self.tape.answers.get(activity);
        // Or the record ends before it does.
        let left = self.tape.leaves_open(activity);
        let answered = left || answers.is_some_and(|of| !of.attempts.is_empty());
        let found = left || answers.is_some_and(|of| !of.lookups.is_empty());
        if let Some(flying) = self.flying.get_mut(activity) {
            flying.withdrawn = flying.refused || !answered;
        }
        if let Some(wanted) = self.wanted.get_mut(activity) {
            wanted.withdrawn = wanted.refused || !found;
        }
    }

    /// Notes a difference. Answers its place in the list, if it has one.
    pub(super) fn find(&mut self, activity: Option<&ActivityRef>, kind: FindingKind, message: String) -> Option<usize> {
        self.findings.add(Finding {
            seq: self.place,
            activity: activity.cloned(),
            kind,
            message,
        })
    }
}

/// The event that a task's row is written with.
pub(super) fn offered_by<'a>(plan: &TaskPlan, events: &'a [Recorded]) -> Option<&'a TaskOffered> {
    events.iter().find_map(|recorded| match &recorded.event {
        Event::TaskOffered(offered) if offered.task == plan.task => Some(&**offered),
        _ => None,
    })
}

/// Whoever waits now for an answer other than that of an attempt.
fn asks(decided: &Recorded) -> Option<ActivityRef> {
    match &decided.event {
        Event::ApprovalRequested(asked) => Some(asked.activity.clone()),
        Event::ChildStarted(started) => Some(started.activity.clone()),
        Event::TaskOffered(offered) => Some(offered.activity.clone()),
        Event::StepOutcomeUnknown { activity, .. } => Some(activity.clone()),
        _ => None,
    }
}
