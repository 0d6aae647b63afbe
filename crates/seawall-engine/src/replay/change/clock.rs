//! Time in a replayed run: it is what the record says, and beyond its end it jumps to what is due next.

use seawall_store::Timestamp;

use crate::core::{ActivityState, Command, RunState, Slot, StepStatus, Wait};
use crate::replay::change::world::World;

/// More than any run of a bounded journal needs.
const ENOUGH: usize = 200_000;

impl World {
    /// Fires what is due by then and was never set in the record. What was set there fires when it did there.
    pub(super) fn pass_time(&mut self, until: Timestamp) {
        for _ in 0..ENOUGH {
            let Some(due) = self.own_timer(until) else { return };
            if !self.tick(due) {
                return;
            }
        }
    }

    fn own_timer(&self, until: Timestamp) -> Option<Timestamp> {
        let state = self.state();
        if state.is_terminal() {
            return None;
        }
        let due = state.timers.iter().take_while(|(at, _)| *at <= until);
        let mut own = due.filter(|(at, slot)| !state.is_held_back(*slot) && !self.is_recorded(*slot, *at));
        let timer = own.next().map(|(at, _)| *at);
        let end = state
            .deadline
            .filter(|end| *end <= until && !self.same_timeout && !state.is_stopping());
        [timer, end].into_iter().flatten().min()
    }

    fn is_recorded(&self, slot: Slot, at: Timestamp) -> bool {
        let activity = self.state().name(slot);
        let retrying = |of: &ActivityState| of.status == StepStatus::Retrying;
        let begins_later = || {
            let answers = self.tape.answers.get(&activity);
            answers.is_some_and(|of| of.last_start > self.place)
        };
        self.state().at(slot).is_some_and(retrying) && begins_later()
            || self.tape.timers.contains(&(activity.clone(), at))
    }

    /// After the record: whatever needs time only gets it. Nobody outside says anything any more.
    pub(super) fn run_out(&mut self) {
        if !self.tape.end.is_terminal() {
            return;
        }
        self.full.clear();
        for _ in 0..ENOUGH {
            let Some(due) = next_of_itself(self.state()) else {
                return;
            };
            if !self.tick(due) {
                return;
            }
        }
    }

    fn tick(&mut self, at: Timestamp) -> bool {
        let before = self.state().seq;
        self.tell(Command::Tick, at.max(self.state().last_at));
        self.state().seq > before
    }
}

/// When a sleep ends or an attempt is due. The end of a wait for somebody is not waited for: there the replay stops.
fn next_of_itself(state: &RunState) -> Option<Timestamp> {
    if state.is_terminal() {
        return None;
    }
    let mut own = state.timers.iter().filter(|(_, slot)| {
        state.at(*slot).is_some_and(|of| {
            let sleeps = of.status == StepStatus::Waiting && of.wait == Some(Wait::Timer);
            sleeps || of.status == StepStatus::Retrying && !state.is_held_back(*slot)
        })
    });
    own.next().map(|(at, _)| *at)
}
