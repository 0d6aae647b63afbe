//! Begin: a created run goes, unless it waits for its admission.

use crate::core::commands::decision::Draft;
use crate::core::event::Event;
use crate::core::state::Phase;

pub(super) fn begin(draft: &mut Draft<'_>) {
    let state = &draft.state;
    if state.phase == Phase::Queued && !state.gated && state.blocked.is_none() {
        draft.emit(Event::RunStarted);
    }
}
