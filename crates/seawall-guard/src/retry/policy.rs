use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Again, Backoff, Chance, Report};
use crate::retry_budget::RetryBudget;

/// Why a policy cannot be.
#[derive(Clone, Copy, PartialEq, Debug, thiserror::Error)]
pub enum InvalidRetry {
    #[error("max_attempts is 0: there is a first one")]
    Attempts,
    #[error("the first wait of {initial:?} is longer than the longest, {max:?}")]
    Backoff { initial: Duration, max: Duration },
    #[error("the multiplier of waits is {0}: it has to be a number from 1 on")]
    Multiplier(f64),
}

type Hook<T> = Arc<dyn Fn(&T) + Send + Sync>;

/// How calls are repeated. `C` says which: see [`Classify`](super::Classify).
#[derive(Clone)]
pub struct RetryPolicy<C> {
    pub(super) classify: C,
    pub(super) max_attempts: u32,
    pub(super) backoff: Backoff,
    pub(super) limit: Option<Duration>,
    pub(super) max_asked: Duration,
    // None: without one.
    pub(super) budget: Option<RetryBudget>,
    pub(super) chance: Chance,
    on_retry: Option<Hook<Again>>,
    on_end: Option<Hook<Report>>,
    stop: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

impl<C> RetryPolicy<C> {
    /// Three attempts, the waits of [`Backoff::default`], at most 60 s for a `Retry-After`, a budget of its own, and no limit of all
    /// attempts together.
    #[must_use]
    pub fn new(classify: C) -> Self {
        Self {
            classify,
            max_attempts: 3,
            backoff: Backoff::default(),
            limit: None,
            max_asked: Duration::from_secs(60),
            budget: Some(RetryBudget::default()),
            chance: Chance::default(),
            on_retry: None,
            on_end: None,
            stop: None,
        }
    }

    /// The first one included.
    #[must_use]
    pub fn with_max_attempts(mut self, max_attempts: u32) -> Self {
        self.max_attempts = max_attempts;
        self
    }

    #[must_use]
    pub fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// For all attempts together, and the waits between them.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The longest `Retry-After` that is waited for.
    #[must_use]
    pub fn with_max_asked(mut self, max_asked: Duration) -> Self {
        self.max_asked = max_asked;
        self
    }

    /// A budget that others share.
    #[must_use]
    pub fn with_budget(mut self, budget: RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Repeats are bounded by attempts and deadlines only: for few calls that somebody waits for.
    #[must_use]
    pub fn without_budget(mut self) -> Self {
        self.budget = None;
        self
    }

    /// What jitter is drawn from.
    #[must_use]
    pub fn with_chance(mut self, chance: Chance) -> Self {
        self.chance = chance;
        self
    }

    /// Is told of each failure that another attempt follows, before its wait.
    #[must_use]
    pub fn on_retry(mut self, hook: impl Fn(&Again) + Send + Sync + 'static) -> Self {
        self.on_retry = Some(Arc::new(hook));
        self
    }

    /// Is told how each call ended; not of those that were dropped before.
    #[must_use]
    pub fn on_end(mut self, hook: impl Fn(&Report) + Send + Sync + 'static) -> Self {
        self.on_end = Some(Arc::new(hook));
        self
    }

    /// Is asked after each failure and again before a repeat is sent: whether a circuit breaker round the attempts has opened.
    #[must_use]
    pub fn stop_when(mut self, is_open: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.stop = Some(Arc::new(is_open));
        self
    }

    /// # Errors
    /// There is not one attempt.
    pub fn build(self) -> Result<Retry<C>, InvalidRetry> {
        if self.max_attempts == 0 {
            return Err(InvalidRetry::Attempts);
        }
        Ok(Retry { policy: Arc::new(self) })
    }

    pub(super) fn tell_again(&self, again: &Again) {
        if let Some(hook) = &self.on_retry {
            hook(again);
        }
    }

    pub(super) fn tell_end(&self, report: &Report) {
        if let Some(hook) = &self.on_end {
            hook(report);
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.as_ref().is_some_and(|is_open| is_open())
    }
}

impl<C: fmt::Debug> fmt::Debug for RetryPolicy<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("classify", &self.classify)
            .field("max_attempts", &self.max_attempts)
            .field("backoff", &self.backoff)
            .field("limit", &self.limit)
            .field("max_asked", &self.max_asked)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

/// Repeats calls as its policy says. Clones share the policy, and so the budget.
#[derive(Debug)]
pub struct Retry<C> {
    pub(super) policy: Arc<RetryPolicy<C>>,
}

impl<C> Clone for Retry<C> {
    fn clone(&self) -> Self {
        Self {
            policy: Arc::clone(&self.policy),
        }
    }
}
