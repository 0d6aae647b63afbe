use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use super::limits;

/// What goes on with a connection, as its stream, its requests' bodies and its answers' bodies see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Activity(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// An answer was given while the client was still sending.
    lingers: AtomicBool,
    /// Bodies of requests and answers that have not ended.
    under_way: AtomicUsize,
    /// How many have begun, ever.
    begun: AtomicU64,
    /// Bodies of answers that wait for the client to take more of them.
    unread: AtomicUsize,
    /// Bytes that the socket has taken, ever.
    written: AtomicU64,
    /// All that was under way has ended, and nothing was read since then.
    ended: AtomicBool,
    /// The last look for bytes found none.
    waits: AtomicBool,
    /// Bytes were written, and not yet all of them sent.
    unsent: AtomicBool,
}

impl Activity {
    pub(super) fn linger(&self) {
        self.0.lingers.store(true, Ordering::Relaxed);
    }

    pub(super) fn lingers(&self) -> bool {
        self.0.lingers.load(Ordering::Relaxed)
    }

    /// Until it is dropped, something is under way.
    pub(super) fn begin(&self) -> UnderWay {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        self.0.under_way.fetch_add(1, Ordering::AcqRel);
        UnderWay(self.clone())
    }

    /// For as long as it is `true` what is under way is the client's to go on with.
    pub(super) fn unread(&self, waits: bool) {
        let unread = &self.0.unread;
        if waits {
            unread.fetch_add(1, Ordering::Relaxed);
        } else {
            unread.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(super) fn look(&self) -> Look {
        let state = &*self.0;
        let unread = state.unread.load(Ordering::Relaxed);
        Look {
            ours: state.under_way.load(Ordering::Acquire).saturating_sub(unread),
            begun: state.begun.load(Ordering::Relaxed),
            written: state.written.load(Ordering::Relaxed),
        }
    }

    pub(super) fn read(&self, found: bool) {
        self.0.waits.store(!found, Ordering::Relaxed);
        if found {
            self.0.ended.store(false, Ordering::Release);
        }
    }

    pub(super) fn writes(&self) {
        self.0.unsent.store(true, Ordering::Relaxed);
    }

    pub(super) fn written(&self, bytes: usize) {
        self.0.written.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn sent(&self) {
        self.0.unsent.store(false, Ordering::Relaxed);
    }

    /// Nothing is under way, sent or thrown away: the rest of a head is waited for, or the beginning of one.
    pub(super) fn awaits_head(&self) -> bool {
        let state = &*self.0;
        state.under_way.load(Ordering::Acquire) == 0
            && state.waits.load(Ordering::Relaxed)
            && !state.unsent.load(Ordering::Relaxed)
            && !state.lingers.load(Ordering::Relaxed)
    }

    /// Every request was answered, every answer was sent, and no byte of another request has come since then.
    pub(super) fn is_at_rest(&self) -> bool {
        let state = &*self.0;
        state.ended.load(Ordering::Acquire)
            && state.under_way.load(Ordering::Acquire) == 0
            && state.waits.load(Ordering::Relaxed)
            && !state.unsent.load(Ordering::Relaxed)
    }
}

/// What was going on at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// What is under way and is ours to go on with.
    ours: usize,
    begun: u64,
    written: u64,
}

impl Look {
    /// Nothing is under way but what the client does not go on with, and so it was at the look before.
    pub(super) const fn is_idle_since(&self, before: &Self) -> bool {
        let written = self.written.saturating_sub(before.written);
        self.ours == 0 && before.ours == 0 && self.begun == before.begun && written < limits::LEAST_WRITTEN
    }
}

/// See [`Activity::begin`].
#[derive(Debug)]
pub(super) struct UnderWay(Activity);

impl UnderWay {
    pub(super) const fn of(&self) -> &Activity {
        &self.0
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let state = &*self.0.0;
        if state.under_way.fetch_sub(1, Ordering::AcqRel) == 1 {
            state.ended.store(true, Ordering::Release);
        }
    }
}
