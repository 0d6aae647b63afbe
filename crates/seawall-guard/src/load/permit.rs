use tokio::time::Instant;

use super::{Claim, Limiter, Outcome};

/// Leave for one call. Dropped untold it is given back, and says something only if it was held for long:
/// [`given_up_after`](super::LoadConfigBuilder::given_up_after).
#[derive(Debug)]
pub struct Permit {
    limiter: Limiter,
    claim: Claim,
    began: Instant,
    outcome: Option<Outcome>,
}

impl Permit {
    pub(super) const fn new(limiter: Limiter, claim: Claim, began: Instant) -> Self {
        Self {
            limiter,
            claim,
            began,
            outcome: None,
        }
    }

    /// Says how the call ended, now.
    pub fn record(mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.limiter.leave(self.claim, self.began, self.outcome);
    }
}
