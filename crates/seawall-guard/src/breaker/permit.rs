use tokio::time::Instant;

use super::{Breaker, Outcome, Rejected};

/// A call that was admitted. Dropped without a [`Permit::record`] it was cancelled: it counts nothing, and a probe gives its
/// permit back.
#[derive(Debug)]
#[must_use = "a permit that is dropped is a call that was cancelled"]
pub struct Permit {
    breaker: Breaker,
    generation: u64,
    /// Where slow calls are looked for.
    began: Option<Instant>,
    /// It was admitted and has not ended. A permit of a future that was not polled has not been, and is none yet.
    held: bool,
}

impl Permit {
    #[inline]
    pub(super) const fn new(breaker: Breaker, generation: u64, began: Option<Instant>) -> Self {
        Self {
            breaker,
            generation,
            began,
            held: true,
        }
    }

    pub(super) const fn not_asked_for(breaker: Breaker) -> Self {
        Self {
            breaker,
            generation: 0,
            began: None,
            held: false,
        }
    }

    /// Once it is held, nothing more is asked.
    #[inline]
    pub(super) fn ask(&mut self) -> Result<(), Rejected> {
        if !self.held {
            self.generation = self.breaker.generation()?;
            self.began = self.breaker.begins();
            self.held = true;
        }
        Ok(())
    }

    /// Says how the call ended. It is no longer held then, whatever an observer that is told of it does.
    #[inline]
    pub fn record(mut self, outcome: Outcome) {
        self.held = false;
        self.breaker.record(self.generation, self.began, outcome);
    }

    #[inline]
    pub(super) fn tell(&mut self, outcome: Outcome) {
        if std::mem::take(&mut self.held) {
            self.breaker.record(self.generation, self.began, outcome);
        }
    }
}

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        if self.held {
            self.breaker.cancel(self.generation);
        }
    }
}
