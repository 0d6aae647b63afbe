use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What goes on with a connection, as its stream, its requests' bodies and its answers' bodies see it.
#[derive(Clone, Debug, Default)]
pub(super) struct Activity(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// An answer was given while the client was still sending.
    lingers: AtomicBool,
    /// Bodies of requests and answers that have not ended.
    under_way: AtomicUsize,
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
        self.0.under_way.fetch_add(1, Ordering::AcqRel);
        UnderWay(self.clone())
    }

    pub(super) fn read(&self, found: bool) {
        self.0.waits.store(!found, Ordering::Relaxed);
        if found {
            self.0.ended.store(false, Ordering::Release);
        }
    }

    pub(super) fn written(&self) {
        self.0.unsent.store(true, Ordering::Relaxed);
    }

    pub(super) fn sent(&self) {
        self.0.unsent.store(false, Ordering::Relaxed);
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
