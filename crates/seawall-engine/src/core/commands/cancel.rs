//! Cancel: nothing new begins, what is in flight is told to stop and settles by its class, then the run is cancelled.

use std::sync::Arc;

use crate::core::commands::decision::Draft;
use crate::core::event::Event;
use crate::core::state::Phase;

pub(super) fn cancel(draft: &mut Draft<'_>, by: Arc<str>) {
    // A run that already fails goes on failing: its error is worth more than the wish to stop it.
    if matches!(draft.state.phase, Phase::Queued | Phase::Active) {
        draft.emit(Event::CancelRequested { by });
    }
}
