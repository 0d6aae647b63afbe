//! What the world answered to a run, sorted by whom it answered.
//!
//! Made of the commands that a replay with the run's own definition has found.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use seawall_store::{ApprovalId, Digest, RunStatus, Seq, Timestamp};

use crate::core::{
    Action, ApprovalRequested, ChildStarted, Command, Event, Message, Recorded, RunState, StepStatus, TaskOffered,
    full_queue,
};
use crate::definition::Definition;
use crate::executor::{Outcome, StepError};
use crate::names::{ActivityRef, Part};
use crate::replay::Divergence;
use crate::replay::around::Around;
use crate::replay::drive::{Replay, Step};
use crate::replay::same::retry_at;
use crate::replay::settled::unrecorded;

/// Something at its place in the record.
pub(super) struct Placed<T> {
    pub(super) seq: Seq,
    pub(super) what: T,
}

pub(super) type Queue<T> = VecDeque<Placed<T>>;

/// How an attempt ended.
pub(super) struct Answer {
    pub(super) attempt: u32,
    /// Of the request that it was given to.
    pub(super) request: Option<Digest>,
    /// None: the process that made it died.
    pub(super) outcome: Option<Outcome>,
}

/// A task, as it was offered. What it held is in no event: only its digest is.
pub(super) struct Offer {
    pub(super) attempt: u32,
    pub(super) payload: Option<Digest>,
    pub(super) task: TaskOffered,
}

/// A child's definition, as it was asked for, and what was found.
pub(super) struct Lookup {
    pub(super) workflow: String,
    pub(super) version: Option<u32>,
    /// None: the process that looked for it died.
    pub(super) found: Option<Result<Box<ChildStarted>, StepError>>,
}

/// Everything that one activity was ever answered, in order.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) attempts: Queue<Answer>,
    pub(super) lookups: Queue<Lookup>,
    pub(super) children: Queue<Message>,
    pub(super) tasks: Queue<Message>,
    pub(super) decisions: Queue<Message>,
    pub(super) resolutions: Queue<Message>,
    /// The tasks that were offered.
    pub(super) offers: VecDeque<Offer>,
    /// What was asked, and how long it was to wait.
    pub(super) asked: VecDeque<ApprovalRequested>,
    /// Where its last attempt began.
    pub(super) last_start: Seq,
    pub(super) sleeps: VecDeque<(Timestamp, Duration)>,
    /// Until when it was put off, each time that its queue was full.
    pub(super) put_off: VecDeque<Timestamp>,
    /// When each attempt was to be followed by the next, by the number of the one that failed.
    pub(super) retries: HashMap<u32, Timestamp>,
}

/// What happened next, at which time.
pub(super) struct Beat {
    pub(super) seq: Seq,
    pub(super) around: Around,
    /// How long one lasted, where the record tells.
    pub(super) lease: Option<Duration>,
    pub(super) stimulus: Stimulus,
}

pub(super) enum Stimulus {
    Begin,
    /// The clock was looked at.
    Tick,
    /// To the run as a whole.
    Message(Message),
    /// A process had died, and another one went on.
    Recovery(Command, Duration),
    /// An answer to this activity is there from now on.
    Answer(ActivityRef),
}

/// A run's record, taken apart.
pub(super) struct Tape {
    pub(super) beats: Vec<Beat>,
    pub(super) answers: HashMap<ActivityRef, Answers>,
    /// The timers that there were. What they led to is among the beats.
    pub(super) timers: HashSet<(ActivityRef, Timestamp)>,
    /// The run as the record leaves it.
    pub(super) end: RunState,
}

/// Why a record cannot be taken apart.
pub(super) enum NoTape {
    OtherDefinition,
    /// It is not what its own definition leads to; and how the run stood there.
    Diverges(Box<Divergence>, RunStatus),
}

impl Tape {
    pub(super) fn of(definition: Arc<Definition>, record: &[Recorded]) -> Result<Self, NoTape> {
        let mut replay = Replay::new(definition, record).map_err(|_| NoTape::OtherDefinition)?;
        let mut maker = Maker::default();
        while let Some(step) = replay.next() {
            match step {
                Ok(step) => maker.take(record, &step, replay.state()),
                Err(divergence) => return Err(NoTape::Diverges(divergence, replay.state().status())),
            }
        }
        Ok(Self {
            beats: maker.beats,
            answers: maker.answers,
            timers: maker.timers,
            end: replay.state().clone(),
        })
    }
}

impl Tape {
    /// The record ends before the run does, and before this activity does, which had begun.
    pub(super) fn leaves_open(&self, activity: &ActivityRef) -> bool {
        let is_open = |status: StepStatus| !status.is_settled() && status != StepStatus::Pending;
        !self.end.is_terminal() && self.end.activity(activity).is_some_and(|of| is_open(of.status))
    }
}

#[derive(Default)]
struct Maker {
    beats: Vec<Beat>,
    answers: HashMap<ActivityRef, Answers>,
    timers: HashSet<(ActivityRef, Timestamp)>,
    approvals: HashMap<ApprovalId, ActivityRef>,
    /// The last attempt of each activity: its number, and the digest of its request.
    requests: HashMap<ActivityRef, (u32, Option<Digest>)>,
    /// Activities whose last attempt has no answer yet.
    open: HashSet<ActivityRef>,
    /// Activities whose child is being looked for.
    looking: HashSet<ActivityRef>,
    wanted: HashMap<ActivityRef, (String, Option<u32>)>,
}

impl Maker {
    fn take(&mut self, record: &[Recorded], step: &Step, state: &RunState) {
        let first = &record[step.events.start];
        let stimulus = self.stimulus(step, &record[step.events.clone()], first.seq);
        if let Some(stimulus) = stimulus {
            self.beats.push(Beat {
                seq: first.seq,
                around: step.around.clone(),
                lease: Some(step.lease).filter(|lease| !lease.is_zero()),
                stimulus,
            });
        }
        for recorded in &record[step.events.clone()] {
            self.note(recorded);
            self.note_timers(&recorded.event, state);
        }
        for action in &step.actions {
            if let Action::FindChild {
                activity,
                workflow,
                version,
                ..
            } = action
            {
                self.looking.insert(activity.clone());
                self.wanted.insert(activity.clone(), (workflow.clone(), *version));
            }
        }
    }

    /// One arm for each command and message, and no wildcard: a new one says here whom it answers.
    fn stimulus(&mut self, step: &Step, events: &[Recorded], seq: Seq) -> Option<Stimulus> {
        match &step.command {
            Command::Begin => Some(Stimulus::Begin),
            Command::Tick => Some(Stimulus::Tick),
            Command::Recover { .. } | Command::BlockDeadly { .. } => {
                for activity in std::mem::take(&mut self.open) {
                    self.answer(&activity, None, seq);
                }
                for activity in std::mem::take(&mut self.looking) {
                    self.lookup(&activity, None, seq);
                }
                Some(Stimulus::Recovery(step.command.clone(), step.lease))
            }
            Command::Settle { activity, outcome, .. } => {
                self.answer(activity, Some(outcome.clone()), seq);
                Some(Stimulus::Answer(activity.clone()))
            }
            Command::StartChild { activity, found, .. } => {
                let found = found_in(events).map_or_else(
                    || Err(found.as_ref().err().cloned().unwrap_or_else(unrecorded)),
                    |started| Ok(Box::new(started.clone())),
                );
                self.lookup(activity, Some(found), seq);
                Some(Stimulus::Answer(activity.clone()))
            }
            Command::Message(message) => self.message(message, seq),
        }
    }

    fn message(&mut self, message: &Message, seq: Seq) -> Option<Stimulus> {
        let what = message.clone();
        let activity = match message {
            Message::Signal { .. }
            | Message::Admitted
            | Message::Superseded { .. }
            | Message::Rejected
            | Message::Cancel { .. }
            | Message::Pause { .. }
            | Message::Resume { .. }
            | Message::Retry { .. }
            | Message::WithdrawRetry { .. }
            | Message::ParentRetried { .. } => return Some(Stimulus::Message(what)),
            Message::Decide { approval, .. } => {
                let activity = self.approvals.get(approval)?.clone();
                self.of(&activity).decisions.push_back(Placed { seq, what });
                activity
            }
            Message::Resolve { activity, .. } => {
                self.of(activity).resolutions.push_back(Placed { seq, what });
                activity.clone()
            }
            Message::ChildEnded { activity, .. } => {
                self.of(activity).children.push_back(Placed { seq, what });
                activity.clone()
            }
            Message::TaskEnded(ended) => {
                self.of(&ended.activity).tasks.push_back(Placed { seq, what });
                ended.activity.clone()
            }
        };
        Some(Stimulus::Answer(activity))
    }

    fn of(&mut self, activity: &ActivityRef) -> &mut Answers {
        self.answers.entry(activity.clone()).or_default()
    }

    fn answer(&mut self, activity: &ActivityRef, outcome: Option<Outcome>, seq: Seq) {
        self.open.remove(activity);
        let (attempt, request) = self.requests.get(activity).copied().unwrap_or_default();
        let what = Answer {
            attempt,
            request,
            outcome,
        };
        self.of(activity).attempts.push_back(Placed { seq, what });
    }

    fn lookup(&mut self, activity: &ActivityRef, found: Option<Result<Box<ChildStarted>, StepError>>, seq: Seq) {
        self.looking.remove(activity);
        let (workflow, version) = self.wanted.get(activity).cloned().unwrap_or_default();
        let what = Lookup {
            workflow,
            version,
            found,
        };
        self.of(activity).lookups.push_back(Placed { seq, what });
    }

    fn note(&mut self, recorded: &Recorded) {
        match &recorded.event {
            Event::StepStarted(started) => {
                let activity = &started.activity;
                if started.request_digest.is_some() {
                    self.open.insert(activity.clone());
                }
                let request = (started.attempt, started.request_digest);
                self.requests.insert(activity.clone(), request);
                self.of(activity).last_start = recorded.seq;
            }
            Event::StepFailed { activity, .. } => {
                if let Some(at) = retry_at(&recorded.event) {
                    let attempt = self.requests.get(activity).map_or(0, |(attempt, _)| *attempt);
                    self.of(activity).retries.insert(attempt, at);
                }
            }
            Event::StepDeferred { activity, until, .. } if full_queue(&recorded.event).is_some() => {
                self.of(activity).put_off.push_back(*until);
            }
            Event::TimerSet { activity, until } => {
                let length = until.since(recorded.at);
                self.of(activity).sleeps.push_back((*until, length));
            }
            Event::TaskOffered(offered) => {
                let (attempt, payload) = self.requests.get(&offered.activity).copied().unwrap_or_default();
                let task = (**offered).clone();
                self.of(&offered.activity)
                    .offers
                    .push_back(Offer { attempt, payload, task });
            }
            Event::ApprovalRequested(asked) => {
                self.approvals.insert(asked.approval, asked.activity.clone());
                self.of(&asked.activity).asked.push_back((**asked).clone());
            }
            _ => {}
        }
    }

    /// `state` is the one after the event's decision.
    fn note_timers(&mut self, event: &Event, state: &RunState) {
        let looks;
        let activity = match event {
            // What looks into it begins by itself.
            Event::StepOutcomeUnknown { activity, .. } => {
                looks = activity.clone().with_part(Part::Reconcile);
                &looks
            }
            Event::StepFailed { activity, .. }
            | Event::StepDeferred { activity, .. }
            | Event::StepOutcomeResolved { activity, .. }
            | Event::TimerSet { activity, .. }
            | Event::SignalAwaited { activity, .. } => activity,
            Event::ApprovalRequested(asked) => &asked.activity,
            Event::ChildStarted(started) => &started.activity,
            Event::RunRetried { .. } => {
                let timers = state.timers.iter().map(|(at, slot)| (state.name(*slot), *at));
                return self.timers.extend(timers);
            }
            _ => return,
        };
        let wake = state.activity(activity).and_then(|of| of.wake);
        self.timers.extend(wake.map(|at| (activity.clone(), at)));
    }
}

fn found_in(events: &[Recorded]) -> Option<&ChildStarted> {
    events.iter().find_map(|recorded| match &recorded.event {
        Event::ChildStarted(started) => Some(&**started),
        _ => None,
    })
}
