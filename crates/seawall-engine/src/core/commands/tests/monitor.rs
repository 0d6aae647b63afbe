//! Rules about the order of events, held against the journal alone. It knows nothing of the state that `evolve` makes.

use std::collections::{BTreeMap, BTreeSet};

use seawall_store::RunId;

use super::sagas::Sagas;
use crate::core::commands::full_queue;
use crate::core::event::{BlockReason, CopiedStatus, Event, Recorded, Resolution};
use crate::definition::{Definition, ItemErrors, Kind, OnError, Step};
use crate::effect::EffectClass;
use crate::names::{ActivityRef, Part, StepId};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Seen {
    /// It has not begun, or a retry has made it as if it had not.
    Untouched,
    Running,
    /// It will be attempted again.
    Between,
    Waiting,
    Unknown,
    Succeeded,
    Failed,
    Skipped,
    Cancelled,
}

#[derive(Clone)]
pub(super) struct Monitor {
    seen: BTreeMap<ActivityRef, Seen>,
    /// Attempts begun.
    attempts: BTreeMap<ActivityRef, u32>,
    /// Ids of approvals, children and tasks that were settled.
    settled: BTreeSet<String>,
    /// Tasks that were offered.
    tasks: BTreeSet<String>,
    /// The child that an activity began last, and whether nothing but a retry of that one may follow.
    children: BTreeMap<ActivityRef, (RunId, bool)>,
    ended: bool,
    stopping: bool,
    /// It has not been admitted.
    gated: bool,
    /// It has ended, and waits for a slot to be retried.
    readmitted: bool,
    is_child: bool,
    /// Paused, and held by nobody because holders died.
    held: (bool, bool),
    sagas: Sagas,
    /// Put off because their queue is full.
    crowded: BTreeSet<ActivityRef>,
}

impl Monitor {
    pub(super) fn new(definition: &Definition) -> Self {
        let untouched = |step: &Step| (ActivityRef::step(step.id.clone()), Seen::Untouched);
        Self {
            seen: definition.steps.iter().map(untouched).collect(),
            attempts: BTreeMap::new(),
            settled: BTreeSet::new(),
            tasks: BTreeSet::new(),
            children: BTreeMap::new(),
            ended: false,
            stopping: false,
            gated: false,
            readmitted: false,
            is_child: false,
            held: (false, false),
            sagas: Sagas::default(),
            crowded: BTreeSet::new(),
        }
    }

    /// That a queue is full is said once, until something else happens to the step.
    fn put_off(&mut self, recorded: &Recorded) {
        match &recorded.event {
            Event::StepDeferred { activity, .. } if full_queue(&recorded.event).is_some() => {
                assert!(
                    self.crowded.insert(activity.clone()),
                    "{activity} was put off for its full queue twice"
                );
            }
            Event::StepOutcomeUnknown { activity, .. } => {
                self.crowded.remove(activity);
                self.crowded.remove(&activity.clone().with_part(Part::Reconcile));
            }
            Event::StepDeferred { activity, .. } | Event::StepOutcomeResolved { activity, .. } => {
                self.crowded.remove(activity);
            }
            Event::StepStarted(started) => {
                self.crowded.remove(&started.activity);
            }
            Event::RunRetried { .. } => self.crowded.clear(),
            _ => {}
        }
    }

    pub(super) fn watch(&mut self, definition: &Definition, recorded: &Recorded) {
        self.put_off(recorded);
        let event = &recorded.event;
        assert!(
            !self.ended || self.may_follow(event),
            "after the end of the run: {recorded:?}"
        );
        self.take_turns(event);
        match event {
            Event::RunSucceeded { .. } => {
                assert!(
                    !self.seen.values().any(is_open),
                    "the run succeeded over {:?}",
                    self.seen
                );
                self.ended = true;
            }
            Event::RunFailed { .. } | Event::RunCancelled => {
                assert!(!self.seen.values().any(is_open), "the run ended over {:?}", self.seen);
                self.sagas.ended(event, self.stopping);
                self.ended = true;
            }
            Event::CompensationStarted { activities } => {
                assert!(self.stopping, "undone while it goes on");
                assert!(
                    !self.seen.values().any(is_open),
                    "undone before all has settled: {:?}",
                    self.seen
                );
                self.sagas.begin(activities);
                for activity in activities {
                    self.seen.insert(activity.clone(), Seen::Untouched);
                }
            }
            Event::CancelRequested { .. } => {
                // One that stops already only is not retried afterwards: what blocks it goes on doing so.
                self.held.1 &= self.stopping;
                self.stop();
            }
            Event::RunTimedOut => self.stop(),
            Event::RunCreated(created) => {
                (self.gated, self.is_child) = (created.gated, created.parent.is_some());
            }
            Event::RunStarted => assert!(!self.gated, "the run began without its admission"),
            Event::RunRejected => {
                assert!(
                    self.gated && !self.stopping,
                    "a run was rejected that had begun or stops"
                );
                self.stop();
            }
            Event::RunPaused { .. } => self.held.0 = true,
            Event::RunResumed { .. } => self.held.0 = false,
            Event::RunBlocked { reason } => {
                self.held.1 = matches!(reason, BlockReason::HoldersDied(_));
                let looks = |(activity, seen): (&ActivityRef, &Seen)| activity.part == Part::Reconcile && is_open(seen);
                let looked_into = self.seen.iter().any(looks);
                assert!(self.held.1 || !looked_into, "blocked while it is looked into");
            }
            Event::RunUnblocked { .. } => self.held.1 = false,
            Event::RunRetried { activities, anew, .. } => self.retried(definition, activities, anew),
            Event::StepStarted(started) => {
                let attempts = self.attempts.entry(started.activity.clone()).or_default();
                *attempts += 1;
                assert_eq!(*attempts, started.attempt, "attempts are counted without a gap");
                self.started(definition, &started.activity);
            }
            Event::MapStarted { step, items } => {
                for item in 0u32..u32::try_from(items.len()).expect("few items") {
                    let before = self.seen.insert(ActivityRef::item(step.clone(), item), Seen::Untouched);
                    assert_eq!(before, None, "the items of {step} were fixed before");
                }
            }
            _ => self.step(definition, event),
        }
    }

    fn take_turns(&mut self, event: &Event) {
        match event {
            Event::RunAdmitted { .. } => {
                let first = self.gated && !self.stopping && !self.ended;
                assert!(first || self.readmitted, "the run was admitted for nothing");
                (self.gated, self.readmitted) = (false, false);
            }
            Event::RunRetryRequested { gated: true, .. } => {
                assert!(self.ended, "what goes on takes a slot anew");
                self.readmitted = true;
            }
            Event::RunRetryWithdrawn { .. } => {
                // Of a run without a parent the store says so.
                assert!(self.ended && (self.readmitted || !self.is_child), "no retry waits");
                self.readmitted = false;
            }
            _ => {}
        }
    }

    /// After the end.
    fn may_follow(&self, event: &Event) -> bool {
        match event {
            Event::RunRetried { .. } => !self.readmitted,
            Event::RunAdmitted { .. } => self.readmitted,
            Event::RunRetryRequested { .. } | Event::RunRetryWithdrawn { .. } => true,
            _ => false,
        }
    }

    fn step(&mut self, definition: &Definition, event: &Event) {
        match event {
            Event::StepSucceeded { activity, .. } => {
                self.settle(activity, Seen::Succeeded);
                self.sagas.succeeded(definition, activity);
            }
            Event::StepFailed {
                activity,
                retry_at,
                replaced_by,
                ..
            } => match (retry_at, replaced_by) {
                (Some(_), _) => self.move_to(activity, &[Seen::Running, Seen::Waiting], Seen::Between),
                (None, Some(_)) => self.settle(activity, Seen::Succeeded),
                (None, None) => {
                    self.settle(activity, Seen::Failed);
                    if activity.part != Part::Main {
                        return self.sagas.failed(activity);
                    }
                    let continues = matches!(step_of(definition, activity).on_error, OnError::Continue);
                    if activity.item.is_none() && !continues {
                        self.stop();
                    }
                }
            },
            Event::StepSkipped { step } => {
                self.move_to(&ActivityRef::step(step.clone()), &[Seen::Untouched], Seen::Skipped);
            }
            Event::StepCopied(copied) => {
                let to = match copied.status {
                    CopiedStatus::Succeeded => Seen::Succeeded,
                    CopiedStatus::Skipped => Seen::Skipped,
                    CopiedStatus::Failed => Seen::Failed,
                };
                self.move_to(&ActivityRef::step(copied.step.clone()), &[Seen::Untouched], to);
            }
            Event::StepCancelled { activity } => self.settle(activity, Seen::Cancelled),
            // What has not begun may be put off as well: its queue is full, or an earlier process may be at it.
            Event::StepDeferred { activity, .. } => {
                // And a reconcile step whose task is taken back may have something newer to look into; any task may be lost.
                let from = [Seen::Running, Seen::Between, Seen::Untouched, Seen::Waiting];
                self.move_to(activity, &from, Seen::Between);
            }
            Event::StepOutcomeUnknown { activity, .. } => {
                let from = [Seen::Running, Seen::Between, Seen::Untouched, Seen::Waiting];
                self.move_to(activity, &from, Seen::Unknown);
                assert_ne!(activity.part, Part::Reconcile, "nobody looks into what looks");
                if activity.part == Part::Main && step_of(definition, activity).reconcile.is_some() {
                    let part = activity.clone().with_part(Part::Reconcile);
                    let seen = self.seen.entry(part).or_insert(Seen::Untouched);
                    if !matches!(seen, Seen::Running | Seen::Waiting) {
                        *seen = Seen::Between;
                    }
                }
            }
            Event::StepOutcomeResolved {
                activity, resolution, ..
            } => match resolution {
                Resolution::Retry => self.move_to(activity, &[Seen::Unknown], Seen::Between),
                // What kills its processes is given up.
                Resolution::Failed(_) if self.held.1 && activity.part != Part::Main => {
                    assert!(matches!(self.seen[activity], Seen::Unknown | Seen::Between));
                }
                _ => assert_eq!(self.seen[activity], Seen::Unknown),
            },
            _ => self.waits(event),
        }
    }

    fn waits(&mut self, event: &Event) {
        match event {
            Event::TimerSet { activity, .. } | Event::SignalAwaited { activity, .. } => self.wait(activity),
            Event::ApprovalRequested(asked) => self.wait(&asked.activity),
            Event::ChildStarted(started) => {
                self.wait(&started.activity);
                let before = self.children.insert(started.activity.clone(), (started.child, false));
                assert!(
                    before.is_none_or(|(_, again)| !again),
                    "another child does again what {before:?} has done"
                );
            }
            Event::ChildRetried { activity, child } => {
                self.wait(activity);
                let before = self.children.insert(activity.clone(), (*child, false));
                assert_eq!(before, Some((*child, true)), "{activity} has nothing to retry");
                self.settled.remove(&child.to_string());
                self.settled.remove(&format!("{child} told"));
            }
            Event::ApprovalDecided { approval, activity, .. } => {
                assert_eq!(self.seen[activity], Seen::Waiting);
                assert!(
                    self.settled.insert(approval.to_string()),
                    "{approval} was settled twice"
                );
            }
            Event::ChildFinished { activity, child, .. } => {
                assert_eq!(self.seen[activity], Seen::Waiting);
                assert!(self.settled.insert(child.to_string()), "{child} was settled twice");
            }
            Event::ChildCancelRequested { activity, child } => {
                assert_eq!(self.seen[activity], Seen::Waiting);
                assert!(self.settled.insert(format!("{child} told")), "{child} was told twice");
            }
            Event::TaskOffered(offered) => {
                self.wait(&offered.activity);
                assert!(self.tasks.insert(offered.task.to_string()), "{offered:?} again");
            }
            Event::TaskClaimed { activity, task, .. } => {
                self.move_to(activity, &[Seen::Waiting], Seen::Running);
                assert!(self.settled.insert(task.to_string()), "{task} was settled twice");
            }
            Event::TaskCancelRequested { activity, task } => {
                assert_eq!(self.seen[activity], Seen::Waiting);
                assert!(
                    self.settled.insert(format!("{task} told")),
                    "{task} was taken back twice"
                );
            }
            Event::TimerFired { activity } => assert_eq!(self.seen[activity], Seen::Waiting),
            _ => {}
        }
    }

    /// A pause is over when the run stops; a block because of dead holders only when a person stops it.
    fn stop(&mut self) {
        if !self.stopping {
            (self.stopping, self.held.0) = (true, false);
        }
    }

    fn wait(&mut self, activity: &ActivityRef) {
        self.move_to(activity, &[Seen::Running], Seen::Waiting);
    }

    /// Settled once: never from a settled state.
    fn settle(&mut self, activity: &ActivityRef, to: Seen) {
        let from = [
            Seen::Untouched,
            Seen::Running,
            Seen::Between,
            Seen::Waiting,
            Seen::Unknown,
        ];
        self.move_to(activity, &from, to);
    }

    fn move_to(&mut self, activity: &ActivityRef, from: &[Seen], to: Seen) {
        let seen = self.seen.get_mut(activity).expect("the activity exists");
        assert!(from.contains(seen), "{activity} went from {seen:?} to {to:?}");
        if let (Seen::Waiting, Some((child, _))) = (*seen, self.children.get(activity)) {
            let ended = self.settled.contains(&child.to_string());
            assert!(ended, "{activity} went on before {child} had ended");
        }
        *seen = to;
    }

    fn started(&mut self, definition: &Definition, activity: &ActivityRef) {
        assert!(!self.gated, "{activity} began before the run was admitted");
        assert_eq!(self.held, (false, false), "{activity} began while the run stands");
        if activity.part != Part::Main {
            return self.part_started(definition, activity);
        }
        assert!(!self.stopping, "{activity} began while the run stops");
        let (index, outer) = definition.step(&activity.step).expect("the step exists");
        for above in above(definition, index) {
            let need = &definition.steps[above];
            assert!(self.is_met(need), "{activity} began before {} was met", need.id);
        }
        let effect = step_of(definition, activity).effect;
        let from: &[Seen] = if effect == EffectClass::Once {
            &[Seen::Untouched, Seen::Between]
        } else {
            // Begun again after a crash.
            &[Seen::Untouched, Seen::Between, Seen::Running]
        };
        self.move_to(activity, from, Seen::Running);
        if let (Kind::Map(map), Some(_)) = (&outer.kind, activity.item) {
            let of_map = |(other, seen): (&ActivityRef, &Seen)| {
                other.step == activity.step && is_item(other) && *seen == Seen::Failed
            };
            let failed = self.seen.iter().any(of_map);
            assert!(
                !failed || map.on_item_error == ItemErrors::Collect,
                "{activity} began in a failed map"
            );
            let open = self
                .seen
                .iter()
                .filter(|(other, seen)| other.step == activity.step && is_item(other) && is_open(seen));
            assert!(
                open.count() <= map.max_parallel as usize,
                "too many items at once with {activity}"
            );
        }
    }

    fn is_met(&self, step: &Step) -> bool {
        match self.seen[&ActivityRef::step(step.id.clone())] {
            Seen::Succeeded | Seen::Skipped => true,
            Seen::Failed => matches!(step.on_error, OnError::Continue),
            _ => false,
        }
    }

    fn part_started(&mut self, definition: &Definition, activity: &ActivityRef) {
        let main = self.seen[&activity.clone().with_part(Part::Main)];
        let mut from = vec![Seen::Untouched, Seen::Between];
        if activity.part == Part::Compensate {
            assert!(self.stopping, "{activity} began while the run goes on");
            assert_eq!(main, Seen::Succeeded, "{activity} undoes what is not in effect");
            let others = |(other, seen): (&ActivityRef, &Seen)| other != activity && is_open(seen);
            assert!(!self.seen.iter().any(others), "{activity} began beside others");
            self.sagas.started(activity);
        } else {
            assert!(
                main == Seen::Unknown || self.seen[activity] == Seen::Running,
                "{activity} looks into nothing"
            );
        }
        if step_of(definition, activity).effect != EffectClass::Once {
            from.push(Seen::Running);
        }
        self.move_to(activity, &from, Seen::Running);
    }

    /// Steps that the run went on with and that need, however far off, what is done again; and whether they were skipped.
    fn stale(&self, definition: &Definition, raised: &[ActivityRef]) -> BTreeMap<StepId, bool> {
        let raised: BTreeSet<&StepId> = raised.iter().map(|activity| &activity.step).collect();
        let again = |step: &Step| raised.contains(&step.id) || !self.is_met(step);
        let steps = definition.steps.iter().enumerate();
        let stale = steps.filter(|(index, step)| {
            let above = above(definition, *index);
            self.is_met(step) && above.into_iter().any(|above| again(&definition.steps[above]))
        });
        let skipped = |step: &Step| self.seen[&ActivityRef::step(step.id.clone())] == Seen::Skipped;
        stale.map(|(_, step)| (step.id.clone(), skipped(step))).collect()
    }

    /// What the run went on with stays, unless it was undone, or has no effect and was computed from that; of the rest, what
    /// failed or was cancelled is open again.
    fn retried(&mut self, definition: &Definition, raised: &[ActivityRef], anew: &[StepId]) {
        assert!(self.ended, "only a run that has ended is retried");
        (self.ended, self.stopping, self.held) = (false, false, (false, false));
        self.children.retain(|activity, (_, again)| {
            // What has succeeded and was undone is done again by another one.
            *again |= matches!(self.seen[activity], Seen::Failed | Seen::Cancelled);
            *again || !(raised.contains(activity) || activity.part == Part::Compensate)
        });
        (self.gated, self.readmitted) = (false, false);
        let stale = self.stale(definition, raised);
        let undone = self.sagas.undone();
        let mut reopened: BTreeSet<StepId> = self.sagas.retried(definition, raised);
        for (step, skipped) in &stale {
            let stays = self.sagas.has_effect(step) || !(*skipped || only_looks(definition, step));
            let again = raised.contains(&ActivityRef::step(step.clone()));
            assert!(
                again != stays || undone.contains(step),
                "{step} is behind what is done again"
            );
        }
        for activity in raised {
            let own = ActivityRef::step(activity.step.clone());
            let failed = matches!(self.seen[&own], Seen::Failed | Seen::Cancelled);
            let justified = failed || stale.contains_key(&activity.step) || undone.contains(&activity.step);
            assert!(justified, "{activity} is done again for nothing");
        }
        for activity in raised {
            self.seen.insert(activity.clone(), Seen::Untouched);
            reopened.insert(activity.step.clone());
        }
        for step in &definition.steps {
            let own = ActivityRef::step(step.id.clone());
            let used = match self.seen[&own] {
                Seen::Failed => matches!(step.on_error, OnError::Continue),
                Seen::Cancelled => false,
                _ => true,
            };
            if !used {
                reopened.insert(step.id.clone());
            }
        }
        for map in anew {
            assert!(reopened.contains(map), "{map} gives up a list that was used");
            let gone = |activity: &ActivityRef| activity.step == *map && is_item(activity);
            for (activity, seen) in self.seen.iter().filter(|(activity, _)| gone(activity)) {
                assert_ne!(*seen, Seen::Succeeded, "{activity} is in effect");
            }
            self.seen.retain(|activity, _| !gone(activity));
            self.seen.insert(ActivityRef::step(map.clone()), Seen::Untouched);
        }
        let collects = |definition: &Definition, activity: &ActivityRef| match &step_outer(definition, activity).kind {
            Kind::Map(map) => map.on_item_error == ItemErrors::Collect,
            _ => false,
        };
        let items = self.seen.keys().filter(|a| is_item(a));
        let begun: BTreeSet<_> = items.map(|a| a.step.clone()).collect();
        for (activity, seen) in &mut self.seen {
            if activity.part == Part::Compensate {
                *seen = Seen::Untouched;
            }
            if activity.part != Part::Main || !reopened.contains(&activity.step) {
                continue;
            }
            *seen = match (&activity.item, *seen) {
                // A map that has begun goes on; one without items did not get that far, or had none.
                (None, _) if begun.contains(&activity.step) => Seen::Running,
                (Some(_), Seen::Failed) if collects(definition, activity) => Seen::Failed,
                (_, Seen::Failed | Seen::Cancelled) => Seen::Untouched,
                (_, other) => other,
            };
        }
    }
}

/// All that the step needs, however far off.
fn above(definition: &Definition, step: usize) -> BTreeSet<usize> {
    let mut all = BTreeSet::new();
    for need in &definition.steps[step].needs {
        all.insert(*need);
        all.extend(above(definition, *need));
    }
    all
}

/// Nothing of it can be in effect.
fn only_looks(definition: &Definition, step: &StepId) -> bool {
    let (_, step) = definition.step(step).expect("the step exists");
    let inner = match &step.kind {
        Kind::Map(map) => &map.step,
        _ => step,
    };
    let looks = matches!(inner.effect, EffectClass::Pure | EffectClass::Read);
    looks && !matches!(inner.kind, Kind::Workflow(_))
}

const fn is_item(activity: &ActivityRef) -> bool {
    activity.item.is_some() && matches!(activity.part, Part::Main)
}

const fn is_open(seen: &Seen) -> bool {
    matches!(seen, Seen::Running | Seen::Between | Seen::Waiting | Seen::Unknown)
}

fn step_outer<'d>(definition: &'d Definition, activity: &ActivityRef) -> &'d Step {
    definition.step(&activity.step).expect("the step exists").1
}

fn step_of<'d>(definition: &'d Definition, activity: &ActivityRef) -> &'d Step {
    let outer = step_outer(definition, activity);
    let main = match (&outer.kind, activity.item) {
        (Kind::Map(map), Some(_)) => &map.step,
        _ => outer,
    };
    match activity.part {
        Part::Main => main,
        Part::Compensate => main.compensate.as_deref().expect("it can be undone"),
        Part::Reconcile => &main.reconcile.as_ref().expect("it can be looked into").step,
    }
}
