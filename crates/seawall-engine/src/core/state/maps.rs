//! Maps: their items when the list is fixed, and the list of what came of them.

use crate::core::state::activity::{ActivityState, StepStatus};
use crate::core::state::run::{MapItems, RunState};
use crate::datum::{Datum, weight};
use crate::definition::{ItemErrors, Kind};
use crate::names::ActivityRef;

impl RunState {
    pub(super) fn map_started(&mut self, activity: &ActivityRef, items: &[Datum]) {
        let Some(slot) = self.slot(activity) else { return };
        // A damaged journal fixes them twice: they stay as they are, and `verify` says so.
        if self.steps[slot.step].items.is_some() {
            return;
        }
        let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
        // From here on the items count, not the map itself.
        self.counts[self.steps[slot.step].own.status as usize] -= 1;
        self.counts[StepStatus::Pending as usize] += count;
        let generation = self.steps[slot.step].own.generation;
        self.bytes = items
            .iter()
            .fold(self.bytes, |sum, item| sum.saturating_add(weight(item.json())));
        let earlier = &self.steps[slot.step].earlier;
        let states = (0..items.len()).map(|item| {
            // The place of an item of an earlier list: another effect, another key.
            let (generation, attempts) = earlier
                .get(item)
                .map_or((generation, 0), |(generation, attempts)| (generation + 1, *attempts));
            ActivityState {
                generation,
                attempts,
                ..ActivityState::default()
            }
        });
        let states = states.collect();
        self.steps[slot.step].items = Some(MapItems {
            values: items.to_vec().into(),
            states,
            next: 0,
            active: 0,
            settled: 0,
            failed: None,
        });
    }

    /// A map's output: its items' outputs in order, or what became of each.
    pub(super) fn assembled(&self, activity: &ActivityRef) -> Option<Datum> {
        let (step, state) = self.step(&activity.step)?;
        let (Kind::Map(map), Some(items)) = (&step.kind, &state.items) else {
            return None;
        };
        let output = |state: &ActivityState| {
            state
                .output
                .as_ref()
                .map_or(serde_json::Value::Null, |o| o.json().clone())
        };
        let list = items
            .states
            .iter()
            .map(|state| match (map.on_item_error, state.status) {
                (ItemErrors::Fail, _) => output(state),
                (ItemErrors::Collect, StepStatus::Succeeded) => {
                    serde_json::json!({"ok": true, "output": output(state)})
                }
                (ItemErrors::Collect, _) => {
                    let error = state
                        .error
                        .as_ref()
                        .map(|e| serde_json::json!({"code": e.code, "message": e.message}));
                    serde_json::json!({"ok": false, "error": error})
                }
            });
        Some(Datum::new(list.collect()))
    }
}
