//! Pause and resume: while paused no attempt begins; what runs, runs on, and waits end in their time.

use std::sync::Arc;

use crate::core::commands::decision::Draft;
use crate::core::commands::{begin, tick};
use crate::core::event::{BlockReason, Event};

pub(super) fn pause(draft: &mut Draft<'_>, by: Arc<str>) {
    if draft.state.can_pause() {
        draft.emit(Event::RunPaused { by });
    }
}

pub(super) fn resume(draft: &mut Draft<'_>, by: Arc<str>) {
    if matches!(draft.state.blocked, Some(BlockReason::HoldersDied(_))) {
        draft.emit(Event::RunUnblocked { by: Arc::clone(&by) });
    }
    if draft.state.paused {
        draft.emit(Event::RunResumed { by });
    }
    begin::begin(draft);
    // What became due meanwhile was held back.
    tick::tick(draft);
}
