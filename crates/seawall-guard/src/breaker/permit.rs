use tokio::time::Instant;

use super::{Breaker, Outcome};

/// A call that was admitted. Dropped without a [`Permit::record`] it was cancelled: it counts nothing, and a probe gives its
/// permit back.
#[derive(Debug)]
#[must_use = "a permit that is dropped is a call that was cancelled"]
pub struct Permit {
    breaker: Breaker,
    generation: u64,
    /// Where slow calls are looked for.
    began: Option<Instant>,
    told: bool,
}

impl Permit {
    pub(super) const fn new(breaker: Breaker, generation: u64, began: Option<Instant>) -> Self {
        Self {
            breaker,
            generation,
            began,
            told: false,
        }
    }

    /// Says how the call ended.
    #[inline]
    pub fn record(mut self, outcome: Outcome) {
        self.told = true;
        self.breaker.record(self.generation, self.began, outcome);
    }
}

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        if !self.told {
            self.breaker.cancel(self.generation);
        }
    }
}
