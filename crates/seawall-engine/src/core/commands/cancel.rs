//! Cancel: nothing new begins, what is in flight is told to stop and settles by its class, then the run is cancelled.

use std::sync::Arc;

use crate::core::Withdrawal;
use crate::core::commands::decision::Draft;
use crate::core::commands::retry;
use crate::core::event::Event;
use crate::core::state::Phase;

pub(super) fn cancel(draft: &mut Draft<'_>, by: Arc<str>) {
    // A run that already fails goes on failing: its error is worth more than the wish to stop it.
    // One that was to be retried when it has ended is not.
    let goes_on = matches!(draft.state.phase, Phase::Queued | Phase::Active);
    if goes_on || (draft.state.is_stopping() && draft.state.retry_due.is_some()) {
        draft.emit(Event::CancelRequested { by });
    } else if draft.state.awaits_readmission() {
        retry::withdraw(draft, Withdrawal::Cancelled { by });
    }
}
