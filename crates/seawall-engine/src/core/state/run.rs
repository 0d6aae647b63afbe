//! The run: its steps, its phase, and the indexes that keep every command cheap.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use seawall_store::{Awaits, ParentLink, RunId, RunProjection, RunStatus, Seq, Timestamp, WorkflowVersion};

use crate::core::event::{BlockReason, Recorded, RunError, ScheduledFor, Supersession};
use crate::core::state::activity::{ActivityState, StepStatus};
use crate::datum::Datum;
use crate::definition::{Definition, Step};
use crate::names::{ActivityRef, Part, StepId};

/// `Queued => Active => (Failing | Cancelling)* => (Succeeded | Failed | Cancelled)`. Failing and cancelling wait until
/// everything in flight has settled, and then until what is to be undone has been.
#[derive(Clone, PartialEq, Debug)]
pub enum Phase {
    Queued,
    Active,
    Failing(RunError),
    Cancelling,
    Succeeded,
    Failed,
    Cancelled,
}

/// Where an activity lives: indexes instead of names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Slot {
    pub(crate) step: usize,
    pub(crate) item: Option<u32>,
    pub(crate) part: Part,
}

/// A step: its own activity, its items if it is a map that has begun, and what undoes and looks into them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct StepState {
    pub own: ActivityState,
    pub items: Option<MapItems>,
    /// Compensations from the first `CompensationStarted` that names them on, reconciles from the first unknown outcome on.
    /// Their outputs stay in the journal: nothing looks at them.
    pub parts: BTreeMap<(Option<u32>, Part), ActivityState>,
    /// Its result is that of the run that this one was forked from.
    pub copied: bool,
    /// Generations and attempts of the items of lists that the map has given up.
    pub(crate) earlier: Vec<(u32, u32)>,
}

/// A retry that a run's parent has asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RetryDue {
    pub by: Arc<str>,
    pub at: Timestamp,
    /// It waits for a slot.
    pub gated: bool,
}

/// The items of a map.
#[derive(Clone, PartialEq, Debug)]
pub struct MapItems {
    pub values: Arc<[Datum]>,
    pub states: Vec<ActivityState>,
    /// The first item that has not begun; follows from `states`.
    pub(crate) next: usize,
    /// Items that are running, retrying, waiting or unknown.
    pub(crate) active: u32,
    pub(crate) settled: u32,
    /// The first item that failed for good.
    pub(crate) failed: Option<u32>,
}

/// Everything a journal amounts to. Changed by events only.
#[derive(Clone)]
pub struct RunState {
    pub run: RunId,
    pub definition: Arc<Definition>,
    pub workflow: WorkflowVersion,
    pub input: Datum,
    pub created_by: Arc<str>,
    pub parent: Option<ParentLink>,
    pub depth: u32,
    pub scheduled: Option<ScheduledFor>,
    pub trace: Option<Arc<str>>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// The last event.
    pub seq: Seq,
    /// When it was: event time never decreases within a run.
    pub last_at: Timestamp,
    pub phase: Phase,
    /// Flow control says when it may begin.
    pub limited: bool,
    /// It waits for its first admission, or has ended without one.
    pub gated: bool,
    pub priority: i8,
    /// Who took its place.
    pub superseded: Option<(RunId, Supersession)>,
    pub paused: bool,
    pub blocked: Option<BlockReason>,
    /// 1, and one more for each retry.
    pub attempt: u32,
    /// When that began: the run's creation, or its last retry.
    pub attempt_since: Timestamp,
    /// Which retry of its parent asked last for its end anew; 0: none.
    pub asked: u32,
    /// It is to be retried when it has ended.
    pub retry_due: Option<RetryDue>,
    /// The end of the run's timeout.
    pub deadline: Option<Timestamp>,
    pub steps: Vec<StepState>,
    /// Signals that nobody has taken yet, oldest first.
    pub signals: VecDeque<(String, Datum)>,
    pub output: Option<Datum>,
    pub error: Option<RunError>,
    /// Which run, and from which step on, this one does again.
    pub forked_from: Option<(RunId, StepId)>,
    /// Compensations that have not settled, in the order in which they run. None before `CompensationStarted`.
    pub(crate) undo: Option<VecDeque<Slot>>,
    pub(crate) timers: BTreeSet<(Timestamp, Slot)>,
    /// How many activities (maps themselves not counted) are in each status.
    pub(crate) counts: [u32; StepStatus::COUNT],
    /// About how many bytes of inputs and outputs this state holds.
    pub(crate) bytes: usize,
    /// Steps that are settled.
    pub(crate) settled_steps: u32,
    /// Activities that wait for a signal or a decision.
    pub(crate) asking: u32,
    /// Reconcile parts that have begun or are about to.
    pub(crate) looking: u32,
    /// Activities that wait for a worker.
    pub(crate) offered: u32,
}

impl RunState {
    /// Replays a journal.
    ///
    /// # Errors
    /// When the first event is not `RunCreated`, or the journal belongs to another definition.
    pub fn replay<'a>(
        definition: Arc<Definition>,
        events: impl IntoIterator<Item = &'a Recorded>,
    ) -> Result<Self, ReplayError> {
        let mut events = events.into_iter();
        let first = events.next().ok_or(ReplayError::Empty)?;
        let mut state = Self::created(definition, first)?;
        for event in events {
            if event.seq != state.seq.plus(1) {
                return Err(ReplayError::Gap {
                    after: state.seq,
                    found: event.seq,
                });
            }
            state.evolve(event);
        }
        Ok(state)
    }

    /// The step and its state.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<(&Step, &StepState)> {
        let (index, step) = self.definition.step(id)?;
        Some((step, &self.steps[index]))
    }

    /// The activity of that name.
    #[must_use]
    pub fn activity(&self, activity: &ActivityRef) -> Option<&ActivityState> {
        self.slot(activity).and_then(|slot| self.at(slot))
    }

    pub(crate) fn slot(&self, activity: &ActivityRef) -> Option<Slot> {
        let (step, _) = self.definition.step(&activity.step)?;
        Some(Slot {
            step,
            item: activity.item,
            part: activity.part,
        })
    }

    pub(crate) fn at(&self, slot: Slot) -> Option<&ActivityState> {
        let step = self.steps.get(slot.step)?;
        match (slot.part, slot.item) {
            (Part::Main, None) => Some(&step.own),
            (Part::Main, Some(item)) => step.items.as_ref()?.states.get(item as usize),
            (part, item) => step.parts.get(&(item, part)),
        }
    }

    pub(crate) fn name(&self, slot: Slot) -> ActivityRef {
        ActivityRef {
            step: self.definition.steps[slot.step].id.clone(),
            item: slot.item,
            part: slot.part,
        }
    }

    /// What an activity does: for an item, the map's inner step.
    pub(crate) fn doing(&self, slot: Slot) -> &Step {
        slot.doing(&self.definition)
    }

    pub(crate) fn count(&self, status: StepStatus) -> u32 {
        self.counts[status as usize]
    }

    /// Attempts that were begun and have not ended, children being looked up included.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.count(StepStatus::Running)
    }

    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        matches!(self.phase, Phase::Succeeded | Phase::Failed | Phase::Cancelled)
    }

    /// The run is failing or being cancelled: nothing new begins.
    #[must_use]
    pub const fn is_stopping(&self) -> bool {
        matches!(self.phase, Phase::Failing(_) | Phase::Cancelling)
    }

    /// When the run has something to do by itself: the earliest timer, or the end of its own time.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.first_wake(self.timers.iter())
    }

    /// The same without what was due at `seen`: that was looked at.
    pub(crate) fn next_wake_after(&self, seen: Timestamp) -> Option<Timestamp> {
        let first = (seen.saturating_add(Duration::from_millis(1)), Slot::step(0));
        self.first_wake(self.timers.range(first..))
    }

    fn first_wake<'a>(&self, mut timers: impl Iterator<Item = &'a (Timestamp, Slot)>) -> Option<Timestamp> {
        if self.is_terminal() {
            return None;
        }
        // While paused or blocked by dead holders, what would only begin an attempt does not wake the run.
        let timer = timers.find(|(_, slot)| !self.is_held_back(*slot)).map(|(at, _)| *at);
        let end = if self.is_stopping() { None } else { self.deadline };
        [timer, end].into_iter().flatten().min()
    }

    /// Its timer would begin an attempt, and none may begin now: after a retry, what it needs may have to be done again first.
    pub(crate) fn is_held_back(&self, slot: Slot) -> bool {
        let begins = self
            .at(slot)
            .is_some_and(|activity| activity.status == StepStatus::Retrying);
        begins && !(self.may_begin(slot.part) && (!slot.is_main() || self.needs_met(slot.step)))
    }

    /// Attempts of this part may begin. Compensation and reconcile go on while the run is stopping.
    pub(crate) const fn may_begin(&self, part: Part) -> bool {
        let phase = match part {
            Part::Main => matches!(self.phase, Phase::Active),
            Part::Compensate => self.is_stopping(),
            Part::Reconcile => matches!(self.phase, Phase::Active) || self.is_stopping(),
        };
        phase && !self.paused && !matches!(self.blocked, Some(BlockReason::HoldersDied(_)))
    }

    /// Something may begin that a pause would hold back. What waits for its admission takes its slot all the same, and begins
    /// nothing with it.
    #[must_use]
    pub const fn can_pause(&self) -> bool {
        let goes_on = match self.phase {
            Phase::Active => true,
            Phase::Queued => self.gated,
            _ => self.is_compensating(),
        };
        goes_on && !self.paused
    }

    /// It has ended, its parent has asked for a retry, and that waits for a slot.
    #[must_use]
    pub fn awaits_readmission(&self) -> bool {
        let has_failed = matches!(self.phase, Phase::Failed | Phase::Cancelled);
        has_failed && self.retry_due.as_ref().is_some_and(|due| due.gated)
    }

    /// What the run has done is being undone.
    #[must_use]
    pub const fn is_compensating(&self) -> bool {
        self.undo.is_some() && self.is_stopping()
    }

    #[must_use]
    pub fn status(&self) -> RunStatus {
        match self.phase {
            Phase::Queued if self.blocked.is_none() && !self.paused => RunStatus::Queued,
            Phase::Succeeded => RunStatus::Succeeded,
            Phase::Failed => RunStatus::Failed,
            Phase::Cancelled => RunStatus::Cancelled,
            _ if self.blocked.is_some() => RunStatus::Blocked,
            _ if self.paused => RunStatus::Paused,
            _ if self.in_flight() > 0 => RunStatus::Running,
            _ if self.count(StepStatus::Waiting) + self.count(StepStatus::Retrying) > 0 => RunStatus::Waiting,
            _ => RunStatus::Running,
        }
    }

    /// Whether only a person (or a signal from outside) can bring the run on.
    #[must_use]
    pub fn awaits(&self) -> Awaits {
        if self.is_terminal() {
            return Awaits::Nobody;
        }
        // Those that a reconcile step looks into need nobody yet.
        if self.count(StepStatus::Unknown) > self.looking || self.blocked.is_some() {
            return Awaits::Person;
        }
        if self.status() != RunStatus::Waiting {
            return Awaits::Nobody;
        }
        if self.asking > 0 {
            Awaits::Person
        } else {
            Awaits::Nobody
        }
    }

    /// Every activity: each step that is not a begun map, each item of those that are, and their parts.
    pub(crate) fn activities(&self) -> impl Iterator<Item = (Slot, &ActivityState)> {
        self.steps.iter().enumerate().flat_map(|(step, state)| {
            let own = state.items.is_none().then_some((Slot::step(step), &state.own));
            let items = state.items.iter().flat_map(move |items| {
                items
                    .states
                    .iter()
                    .zip(0u32..)
                    .map(move |(state, item)| (Slot::item(step, item), state))
            });
            let parts = state.parts.iter();
            let parts = parts.map(move |((item, part), state)| {
                let (item, part) = (*item, *part);
                (Slot { step, item, part }, state)
            });
            own.into_iter().chain(items).chain(parts)
        })
    }

    /// The row that this state amounts to.
    #[must_use]
    pub fn projection(&self) -> RunProjection {
        let error = self.error.as_ref();
        RunProjection {
            status: self.status(),
            awaits: self.awaits(),
            total_steps: u32::try_from(self.steps.len()).unwrap_or(u32::MAX),
            completed_steps: self.settled_steps,
            started_at: self.started_at,
            finished_at: self.finished_at,
            error_code: error.map(|error| Arc::clone(&error.code)),
            error_step: error
                .and_then(|error| error.step.as_ref())
                .map(|step| Arc::from(step.as_str())),
            error_message: error.map(|error| {
                let message = &error.message;
                Arc::from(&message[..message.floor_char_boundary(RunProjection::MAX_MESSAGE)])
            }),
        }
    }
}

/// A journal that does not make sense.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("the journal is empty")]
    Empty,
    #[error("the journal does not begin with the run's creation")]
    NoCreation,
    #[error("the journal was written for another definition")]
    OtherDefinition,
    #[error("after event {after} comes event {found}")]
    Gap { after: Seq, found: Seq },
}
