//! Begin: a created run goes.

use crate::core::commands::decision::Draft;
use crate::core::event::Event;
use crate::core::state::Phase;

pub(super) fn begin(draft: &mut Draft<'_>) {
    if draft.state.phase == Phase::Queued && draft.state.blocked.is_none() {
        draft.emit(Event::RunStarted);
    }
}
