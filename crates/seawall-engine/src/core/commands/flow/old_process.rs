//! The process of an earlier attempt, of which nobody knows that it is dead: for how long it is waited for.

use std::time::Duration;

use seawall_store::Timestamp;

use crate::core::commands::decision::Draft;
use crate::core::event::Event;
use crate::core::state::{RunState, Slot};
use crate::names::Part;

/// Why an activity is put off that an old process may be at.
pub(super) const AT_WORK: &str = "the process of an earlier attempt may be alive until then";
/// Why a reconcile step is put off that looked into an attempt before the last one.
pub(in crate::core::commands) const LOOKED: &str = "it looked into an earlier attempt";

/// Longer than a lease lasts, unless somebody has set it so. Not the lease itself: a replay does not know how long one was.
const LEASE: Duration = Duration::from_secs(60);

/// Until when the process may be at what `slot` does, of which was once said that it may until `deadline`. It has no more than
/// its attempt's timeout and a lease left, however far the clock was set back since that was said.
pub(in crate::core::commands) fn safe_from(draft: &Draft<'_>, slot: Slot, deadline: Timestamp) -> Timestamp {
    let now = draft.now();
    let left = deadline.since(now);
    let most = longest(draft.state, slot, draft.env.lease).unwrap_or(left);
    now.saturating_add(left.min(most))
}

/// The longest that such a process is waited for.
fn longest(state: &RunState, slot: Slot, lease: Duration) -> Option<Duration> {
    let timeout = state.doing(slot).timeout;
    timeout.map(|timeout| timeout.saturating_add(lease.max(LEASE)))
}

/// Of an event that puts an activity off because of such a process: the longest that this can have been for.
pub(crate) fn longest_wait(state: &RunState, event: &Event) -> Option<Duration> {
    let Event::StepDeferred { activity, reason, .. } = event else {
        return None;
    };
    let slot = state.slot(activity)?;
    match reason.as_str() {
        AT_WORK => longest(state, slot, LEASE),
        LOOKED => longest(state, slot.part(Part::Main), LEASE),
        _ => None,
    }
}
