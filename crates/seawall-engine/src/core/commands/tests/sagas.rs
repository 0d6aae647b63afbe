//! What is to be undone, in which order, and whether it was: from the journal alone.

use std::collections::BTreeSet;

use crate::core::event::Event;
use crate::definition::{Definition, Kind};
use crate::names::{ActivityRef, Part, StepId};

#[derive(Clone, Default)]
pub(super) struct Sagas {
    /// What is in effect and can be undone, in the order in which it succeeded.
    effects: Vec<ActivityRef>,
    /// What is being undone, in the order in which that was announced, and what has become of it.
    undoing: Option<Vec<(ActivityRef, Option<bool>)>>,
}

impl Sagas {
    pub(super) fn succeeded(&mut self, definition: &Definition, activity: &ActivityRef) {
        match activity.part {
            Part::Main if can_be_undone(definition, activity) => {
                assert!(!self.effects.contains(activity), "{activity} succeeded twice");
                self.effects.push(activity.clone());
            }
            Part::Main | Part::Reconcile => {}
            Part::Compensate => {
                self.settled(activity, true);
                let main = activity.clone().with_part(Part::Main);
                let place = self.effects.iter().position(|effect| *effect == main);
                // Once in each generation: it comes back only when the step succeeds again.
                self.effects.remove(place.expect("it was in effect"));
            }
        }
    }

    pub(super) fn failed(&mut self, activity: &ActivityRef) {
        if activity.part == Part::Compensate {
            self.settled(activity, false);
        }
    }

    fn settled(&mut self, activity: &ActivityRef, well: bool) {
        let (next, end) = self.next();
        assert_eq!(next, activity, "out of turn");
        *end = Some(well);
    }

    fn next(&mut self) -> (&ActivityRef, &mut Option<bool>) {
        let undoing = self.undoing.as_mut().expect("it was announced");
        let (activity, end) = undoing
            .iter_mut()
            .find(|(_, end)| end.is_none())
            .expect("something is left");
        (activity, end)
    }

    pub(super) fn begin(&mut self, announced: &[ActivityRef]) {
        assert!(self.undoing.is_none(), "announced twice");
        let expected: Vec<ActivityRef> = self
            .effects
            .iter()
            .rev()
            .map(|effect| effect.clone().with_part(Part::Compensate))
            .collect();
        assert_eq!(announced, expected, "the last things first");
        self.undoing = Some(expected.into_iter().map(|activity| (activity, None)).collect());
    }

    pub(super) fn started(&mut self, activity: &ActivityRef) {
        assert_eq!(self.next().0, activity, "out of turn");
    }

    pub(super) fn ended(&self, event: &Event, stopping: bool) {
        let undoing = self.undoing.as_deref().unwrap_or_default();
        let left = undoing.iter().filter(|(_, end)| end.is_none()).count();
        assert_eq!(left, 0, "the run ended before all was undone");
        let failed = undoing.iter().any(|(_, end)| *end == Some(false));
        match event {
            Event::RunFailed { error } if failed => {
                assert!(
                    error.message.contains("the compensation of "),
                    "{error:?} does not tell"
                );
            }
            Event::RunFailed { error } => assert_ne!(&*error.code, "compensation-failed"),
            _ => assert!(!failed, "a run with a compensation that failed is not cancelled"),
        }
        // A run whose output cannot be rendered fails with everything done.
        if stopping {
            assert_eq!(self.effects.is_empty(), !failed, "{:?} is left in effect", self.effects);
        }
    }

    /// Steps of which something was undone.
    pub(super) fn undone(&self) -> BTreeSet<StepId> {
        let undoing = self.undoing.iter().flatten();
        let undone = undoing.filter(|(_, end)| *end == Some(true));
        undone.map(|(activity, _)| activity.step.clone()).collect()
    }

    /// Something of the step is in effect and was not undone.
    pub(super) fn has_effect(&self, step: &StepId) -> bool {
        self.effects.iter().any(|effect| effect.step == *step)
    }

    /// Which maps are open again because something of them was undone, and other steps.
    pub(super) fn retried(&mut self, definition: &Definition, raised: &[ActivityRef]) -> BTreeSet<StepId> {
        let undoing = self.undoing.take().unwrap_or_default();
        let undone = undoing.into_iter().filter(|(_, end)| *end == Some(true));
        let mut open = BTreeSet::new();
        for (activity, _) in undone {
            let main = activity.with_part(Part::Main);
            assert!(raised.contains(&main), "{main} was undone and is not done again");
            open.insert(main.step);
        }
        for activity in &self.effects {
            // The items of a map that was undone as a whole go with it.
            let whole = activity.item.is_some() && raised.contains(&ActivityRef::step(activity.step.clone()));
            assert!(
                whole || !raised.contains(activity),
                "{activity} is in effect and done again"
            );
        }
        self.effects.retain(|activity| !raised.contains(activity));
        open.retain(|step| matches!(definition.step(step), Some((_, step)) if matches!(step.kind, Kind::Map(_))));
        // A map of which items are done again succeeds again, as a whole.
        let whole = |activity: &ActivityRef| activity.item.is_none() && open.contains(&activity.step);
        self.effects.retain(|activity| !whole(activity));
        open
    }
}

fn can_be_undone(definition: &Definition, activity: &ActivityRef) -> bool {
    let (_, step) = definition.step(&activity.step).expect("the step exists");
    match (&step.kind, activity.item) {
        (Kind::Map(map), Some(_)) => map.step.compensate.is_some(),
        _ => step.compensate.is_some(),
    }
}
