use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Cause, Rejected, State};

/// Is told what a breaker does. Called outside the breaker's lock, on the thread whose call, result or word did it: it may use
/// the breaker, and should not take long. Who counts calls needs none of this: [`super::Snapshot::totals`] has them.
pub trait Observer: Send + Sync {
    /// Each breaker's transitions come one at a time and in their order. One that comes while another is being told is told by
    /// whoever tells that.
    fn changed(&self, transition: &Transition) {
        let _ = transition;
    }

    /// In no order that is promised.
    fn rejected(&self, rejected: &Rejected) {
        let _ = rejected;
    }
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn changed(&self, transition: &Transition) {
        (**self).changed(transition);
    }

    fn rejected(&self, rejected: &Rejected) {
        (**self).rejected(rejected);
    }
}

/// A breaker went from one state to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// Its name.
    pub breaker: Arc<str>,
    /// Counts the breaker's transitions from 0. A gap is what was thrown away because the observer was too slow.
    pub sequence: u64,
    /// When it was due; that may be before it was noticed.
    pub at: Instant,
    /// With metrics-only here and open in `to`, it only would have.
    pub from: State,
    pub to: State,
    pub cause: Cause,
    /// Where it is open now and will be for a known time.
    pub open_for: Option<Duration>,
}

impl Transition {
    /// Nothing was done: it would have opened, and is metrics-only.
    #[must_use]
    pub fn is_shadow(&self) -> bool {
        self.from == State::MetricsOnly && self.to == State::Open
    }
}
