//! Places of activities, and what is defined for each.

use crate::core::state::run::Slot;
use crate::definition::{Definition, Kind, Reconcile, Step};
use crate::names::Part;

impl Slot {
    pub(crate) const fn step(step: usize) -> Self {
        Self {
            step,
            item: None,
            part: Part::Main,
        }
    }

    pub(crate) const fn item(step: usize, item: u32) -> Self {
        Self {
            step,
            item: Some(item),
            part: Part::Main,
        }
    }

    /// The same step or item in another part.
    pub(crate) const fn part(self, part: Part) -> Self {
        Self { part, ..self }
    }

    /// It is the step or item itself.
    pub(crate) const fn is_main(self) -> bool {
        matches!(self.part, Part::Main)
    }

    /// What the activity does: for an item, the map's inner step; for a part, that of the step or item. A part that is not
    /// defined is never begun.
    pub(crate) fn doing(self, definition: &Definition) -> &Step {
        let main = self.main(definition);
        match self.part {
            Part::Main => main,
            Part::Compensate => main.compensate.as_deref().unwrap_or(main),
            Part::Reconcile => main.reconcile.as_deref().map_or(main, |reconcile| &reconcile.step),
        }
    }

    /// What finds out about an unknown outcome of the step or item.
    pub(crate) fn reconcile(self, definition: &Definition) -> Option<&Reconcile> {
        self.main(definition).reconcile.as_deref()
    }

    /// Whether the step or item can be undone.
    pub(crate) fn is_compensable(self, definition: &Definition) -> bool {
        self.main(definition).compensate.is_some()
    }

    fn main(self, definition: &Definition) -> &Step {
        let step = &definition.steps[self.step];
        match (&step.kind, self.item) {
            (Kind::Map(map), Some(_)) => &map.step,
            _ => step,
        }
    }
}
