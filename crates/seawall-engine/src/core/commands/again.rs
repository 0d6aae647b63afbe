//! Again: a reconcile step has found that the step is to run once more. Each such round is an attempt that has failed: the
//! step's `retry` says after how long there is another one, and how many there are.

use crate::core::commands::decision::Draft;
use crate::core::commands::flow;
use crate::core::event::Event;
use crate::core::state::{RunState, Slot, StepStatus};
use crate::executor::StepError;
use crate::names::EffectKey;

/// Where no policy is set.
const ATTEMPTS: u32 = 10;

/// Whether the step may be attempted once more. One that is being stopped is not, whatever is found.
pub(super) fn is_left(state: &RunState, main: Slot) -> bool {
    let failures = state.at(main).map_or(0, |own| own.failures);
    flow::is_being_stopped(state, main) || failures.saturating_add(1) < attempts(state, main)
}

/// Why its reconcile step is not believed any more.
pub(super) fn used_up(state: &RunState, main: Slot) -> StepError {
    let attempts = attempts(state, main);
    let message = format!("it says that the step is to run again, and the step has had its {attempts} attempts");
    StepError::permanent("attempts-used-up", message)
}

/// The next attempt waits for its turn, and longer where an old process may be at the step still.
pub(super) fn put_off(draft: &mut Draft<'_>, main: Slot) {
    let Some(own) = draft.state.at(main) else { return };
    if own.status != StepStatus::Retrying {
        return;
    }
    let activity = draft.state.name(main);
    // Chance of its own: a replay comes to the same.
    let key = EffectKey::derive(draft.state.run, &activity, own.generation);
    let delay = flow::delay(
        &draft.state.doing(main).retry.backoff,
        own.failures.saturating_sub(1),
        key.spread(),
    );
    let free = own.deadline.map(|deadline| flow::safe_from(draft, main, deadline));
    let until = draft.now().saturating_add(delay);
    draft.emit(Event::StepDeferred {
        activity,
        until: free.map_or(until, |free| until.max(free)),
        reason: "its reconcile step found that it is to run again".to_owned(),
        in_doubt: false,
    });
}

fn attempts(state: &RunState, main: Slot) -> u32 {
    let policy = &state.doing(main).retry;
    if policy.set { policy.max_attempts } else { ATTEMPTS }
}
