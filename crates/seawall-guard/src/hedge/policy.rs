use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::latencies::Latencies;
use crate::retry_budget::RetryBudget;

/// When the second attempt is made.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum HedgeDelay {
    /// So long after the first.
    After(Duration),
    /// When the first takes longer than this part of the calls of the last minute.
    Percentile {
        /// Between 0 and 100: with 95, one call in twenty is hedged.
        percentile: f64,
        /// Never before that: a hedge costs something, and fast calls need none.
        at_least: Duration,
        /// While there were fewer calls in the last minute, none is hedged.
        minimum_calls: u64,
    },
}

/// Why a policy cannot be.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
pub enum InvalidHedge {
    #[error("percentile is {0}: it has to lie between 0 and 100")]
    Percentile(f64),
    #[error("the second attempt would be made after no time: every call would be made twice")]
    Delay,
}

/// How calls are hedged. `C` says which results are worth the other attempt: see [`Classify`](crate::retry::Classify).
#[derive(Clone, Debug)]
pub struct HedgePolicy<C> {
    classify: C,
    delay: HedgeDelay,
    budget: RetryBudget,
}

impl<C> HedgePolicy<C> {
    /// `budget`: that of the retries of the same calls, if there are any.
    #[must_use]
    pub const fn new(classify: C, delay: HedgeDelay, budget: RetryBudget) -> Self {
        Self {
            classify,
            delay,
            budget,
        }
    }

    /// # Errors
    /// The percentile is none, or the fixed time is zero.
    pub fn build(self) -> Result<Hedge<C>, InvalidHedge> {
        let latencies = match self.delay {
            HedgeDelay::After(delay) if delay.is_zero() => return Err(InvalidHedge::Delay),
            HedgeDelay::After(_) => None,
            HedgeDelay::Percentile { percentile, .. } if percentile > 0.0 && percentile < 100.0 => {
                Some(Mutex::new(Latencies::new(percentile / 100.0)))
            }
            HedgeDelay::Percentile { percentile, .. } => return Err(InvalidHedge::Percentile(percentile)),
        };
        Ok(Hedge {
            shared: Arc::new(Shared {
                policy: self,
                began: Instant::now(),
                latencies,
            }),
        })
    }
}

/// Hedges calls as its policy says. Clones share the policy, the budget and what is known of past calls.
#[derive(Debug)]
pub struct Hedge<C> {
    shared: Arc<Shared<C>>,
}

#[derive(Debug)]
struct Shared<C> {
    policy: HedgePolicy<C>,
    began: Instant,
    // None: the delay is fixed.
    latencies: Option<Mutex<Latencies>>,
}

impl<C> Clone for Hedge<C> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<C> Hedge<C> {
    /// How long a first attempt is alone now; none while too little is known.
    #[must_use]
    pub fn delay(&self) -> Option<Duration> {
        self.delay_at(Instant::now())
    }

    pub(super) fn delay_at(&self, now: Instant) -> Option<Duration> {
        match (self.shared.policy.delay, &self.shared.latencies) {
            (HedgeDelay::After(delay), _) => Some(delay),
            (HedgeDelay::Percentile { .. }, None) => None,
            (
                HedgeDelay::Percentile {
                    at_least,
                    minimum_calls,
                    ..
                },
                Some(latencies),
            ) => {
                let since = now.saturating_duration_since(self.shared.began);
                let quantile = latencies.lock().quantile(since, minimum_calls);
                quantile.map(|quantile| quantile.max(at_least))
            }
        }
    }

    /// A call that began then has an answer.
    pub(super) fn record(&self, began: Instant) {
        if let Some(latencies) = &self.shared.latencies {
            let now = Instant::now();
            let since = now.saturating_duration_since(self.shared.began);
            latencies.lock().record(since, now.saturating_duration_since(began));
        }
    }

    pub(super) fn classify(&self) -> &C {
        &self.shared.policy.classify
    }

    pub(super) fn budget(&self) -> &RetryBudget {
        &self.shared.policy.budget
    }
}
