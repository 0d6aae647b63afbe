//! Block: process after process died while it held this run, so nobody runs it until a person says so.

use crate::core::commands::decision::Draft;
use crate::core::commands::recover;
use crate::core::event::{BlockReason, Event};

pub(super) fn block(draft: &mut Draft<'_>, deaths: u32) {
    if draft.state.is_terminal() || draft.state.blocked.is_some() {
        return;
    }
    draft.emit(Event::RunBlocked {
        reason: BlockReason::HoldersDied(deaths),
    });
    // What was in flight is settled now, under the block: it is held back instead of begun again.
    // That its lease is over does not prove the last process dead.
    recover::recover(draft, false);
}
