use std::time::Duration;

use tokio::time::Instant;

use super::backoff::Waits;
use super::{Again, Attempt, End, Report, RetryPolicy, Terms, Verdict};
use crate::retry_budget::Withdrawal;

/// One call on its way through its attempts. Decides; others wait and send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// That were begun.
    attempts: u32,
    repeatable: bool,
    until: Option<Instant>,
    waits: Waits,
}

/// What follows an attempt.
#[derive(Debug)]
pub(super) enum Next {
    End(End),
    /// After a wait until then; the budget's permission comes with it, if there is one.
    Again(Instant, Option<Withdrawal>),
}

impl Run {
    /// The first attempt is about to be made.
    pub(super) fn begin<C>(policy: &RetryPolicy<C>, terms: Terms, now: Instant) -> Self {
        if let Some(budget) = &policy.budget {
            budget.deposit();
        }
        // A limit beyond all clocks is none.
        let limit = policy.limit.and_then(|limit| now.checked_add(limit));
        Self {
            attempts: 1,
            repeatable: terms.is_repeatable(),
            until: limit.into_iter().chain(terms.deadline()).min(),
            waits: Waits::default(),
        }
    }

    /// Its body can be had once only.
    pub(super) const fn make_single(&mut self) {
        self.repeatable = false;
    }

    /// Whether another attempt might follow the one that is about to be made.
    pub(super) const fn may_go_on<C>(&self, policy: &RetryPolicy<C>) -> bool {
        self.repeatable && self.attempts < policy.max_attempts
    }

    pub(super) const fn attempt(&self) -> Attempt {
        Attempt::new(self.attempts, self.until)
    }

    pub(super) const fn until(&self) -> Option<Instant> {
        self.until
    }

    pub(super) const fn report(&self, end: End) -> Report {
        Report {
            attempts: self.attempts,
            end,
        }
    }

    /// What forbids the repeat that was waited for. Timers are late by up to a millisecond.
    pub(super) fn hindrance<C>(&self, policy: &RetryPolicy<C>, now: Instant) -> Option<End> {
        if self.until.is_some_and(|until| until <= now) {
            return Some(End::Deadline);
        }
        policy.is_stopped().then_some(End::BreakerOpen)
    }

    /// A repeat is sent now.
    pub(super) fn send(&mut self, withdrawal: Option<Withdrawal>) {
        self.attempts += 1;
        if let Some(withdrawal) = withdrawal {
            withdrawal.spend();
        }
    }

    /// What follows an attempt with such a result. The budget is asked last: it pays for nothing that is not going to be.
    pub(super) fn decide<C>(&mut self, policy: &RetryPolicy<C>, verdict: Verdict, now: Instant) -> Next {
        let asked = match verdict {
            Verdict::Accept => return Next::End(End::Accepted),
            Verdict::Refuse => return Next::End(End::Refused),
            Verdict::BreakerOpen => return Next::End(End::BreakerOpen),
            Verdict::Retry => Duration::ZERO,
            Verdict::RetryAfter(asked) => asked,
        };
        if policy.is_stopped() {
            return Next::End(End::BreakerOpen);
        }
        if !self.repeatable {
            return Next::End(End::NotRepeatable);
        }
        if self.attempts >= policy.max_attempts {
            return Next::End(End::Attempts);
        }
        let wait = self.waits.next(&policy.backoff, &policy.chance).max(asked);
        let Some(at) = now
            .checked_add(wait)
            .filter(|at| self.until.is_none_or(|until| *at < until))
        else {
            return Next::End(End::Deadline);
        };
        if asked > policy.max_asked {
            return Next::End(End::AskedTooLong);
        }
        let withdrawal = match &policy.budget {
            None => None,
            Some(budget) => match budget.withdraw() {
                None => return Next::End(End::Budget),
                withdrawal => withdrawal,
            },
        };
        policy.tell_again(&Again {
            attempt: self.attempts,
            verdict,
            wait,
        });
        Next::Again(at, withdrawal)
    }
}
