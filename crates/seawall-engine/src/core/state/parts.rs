//! What undoes the run, what looks into unknown outcomes, and what was copied from another run.

use seawall_store::Timestamp;

use crate::core::event::{BlockReason, CopiedStatus, Resolution, StepCopied};
use crate::core::state::activity::{ActivityState, StepStatus};
use crate::core::state::run::{RunState, Slot};
use crate::datum::weight;
use crate::names::{ActivityRef, Part};

impl RunState {
    pub(super) fn compensating(&mut self, activities: &[ActivityRef]) {
        let slots = activities.iter().filter_map(|activity| self.slot(activity));
        let slots = slots.filter(|slot| slot.part == Part::Compensate && slot.is_compensable(&self.definition));
        let slots: Vec<Slot> = slots.collect();
        for slot in &slots {
            self.open_part(*slot);
        }
        self.undo = Some(slots.into());
    }

    /// What is in effect and can be undone, what succeeded last first.
    pub(crate) fn to_undo(&self) -> Vec<Slot> {
        let mut done: Vec<_> = self.effects().map(|(slot, own)| (own.settled_by, slot)).collect();
        done.sort_unstable_by(|a, b| b.cmp(a));
        done.into_iter().map(|(_, slot)| slot).collect()
    }

    /// Whatever has succeeded here and can be undone: steps, maps as a whole, items.
    fn effects(&self) -> impl Iterator<Item = (Slot, &ActivityState)> {
        (0..self.steps.len()).flat_map(|step| self.effects_of(step))
    }

    /// That of one step.
    pub(crate) fn effects_of(&self, index: usize) -> impl Iterator<Item = (Slot, &ActivityState)> {
        let step = Some(&self.steps[index]).filter(|step| !step.copied);
        let slots = step.into_iter().flat_map(move |step| {
            let items = step.items.iter().flat_map(|items| (0u32..).zip(&items.states));
            let items = items.map(move |(item, own)| (Slot::item(index, item), own));
            std::iter::once((Slot::step(index), &step.own)).chain(items)
        });
        slots.filter(|(slot, own)| {
            // With an error beside its output it failed, and the output is that of `on_error`.
            own.status == StepStatus::Succeeded && own.error.is_none() && slot.is_compensable(&self.definition)
        })
    }

    /// Whether somebody's word on how the activity ended counts: nobody knows it. Or the run stands since process after process
    /// died over it: then a part can be given up, which neither a cancel nor its own retries do.
    pub(crate) fn can_resolve(&self, slot: Slot, resolution: &Resolution) -> bool {
        let deadly = matches!(self.blocked, Some(BlockReason::HoldersDied(_)));
        match self.at(slot).map(|own| own.status) {
            Some(StepStatus::Unknown) => true,
            Some(StepStatus::Retrying) => deadly && !slot.is_main() && matches!(resolution, Resolution::Failed(_)),
            _ => false,
        }
    }

    /// An outcome is unknown: what finds out about it is due as soon as no old process can be at the attempt any more.
    pub(super) fn reconciling(&mut self, activity: &ActivityRef, safe_after: Option<Timestamp>) {
        let Some(slot) = self.slot(activity).filter(|slot| slot.is_main()) else {
            return;
        };
        if slot.reconcile(&self.definition).is_none() {
            return;
        }
        self.open_part(slot.part(Part::Reconcile));
        let part = activity.clone().with_part(Part::Reconcile);
        // One that looks into an earlier attempt is told to stop; this outcome is looked into when it has.
        let busy = self
            .activity(&part)
            .is_some_and(|state| matches!(state.status, StepStatus::Running | StepStatus::Waiting));
        if !busy {
            // Not the time of this event: the clock may have been set back behind it.
            let due = safe_after.unwrap_or(Timestamp::ZERO);
            self.change(&part, StepStatus::Retrying, Some(due), |state| {
                state.error = None;
                state.finished_at = None;
                state.deferred = None;
                if state.attempts > 0 {
                    state.renew();
                }
            });
        }
    }

    /// The attempt that a reconcile part begins to look into.
    pub(super) fn looked_into(&self, part: &ActivityRef) -> u32 {
        if part.part != Part::Reconcile {
            return 0;
        }
        let main = part.clone().with_part(Part::Main);
        self.activity(&main).map_or(0, |state| state.attempts)
    }

    pub(super) fn copied(&mut self, copied: &StepCopied, at: Timestamp) {
        let Some((index, _)) = self.definition.step(&copied.step) else {
            return;
        };
        let status = match copied.status {
            CopiedStatus::Succeeded => StepStatus::Succeeded,
            CopiedStatus::Skipped => StepStatus::Skipped,
            CopiedStatus::Failed => StepStatus::Failed,
        };
        let output = (status == StepStatus::Succeeded).then(|| copied.output.clone());
        let bytes = output.as_ref().map_or(0, |output| weight(output.json()));
        self.bytes = self.bytes.saturating_add(bytes);
        self.settle(&ActivityRef::step(copied.step.clone()), status, at, |state| {
            state.output = output;
            state.error.clone_from(&copied.error);
        });
        self.steps[index].copied = true;
    }
}

impl ActivityState {
    /// A reconcile step that has ended without an answer asks anew: under its old key, the other side might only repeat what
    /// it said.
    pub(super) fn ask_anew(&mut self, part: Part) {
        if part == Part::Reconcile && !self.in_doubt {
            self.generation += 1;
            self.keyed_since = None;
        }
    }
}
