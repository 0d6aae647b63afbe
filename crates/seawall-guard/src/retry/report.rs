use std::time::Duration;

use tokio::time::Instant;

use super::Verdict;

/// The attempt that is about to be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attempt {
    number: u32,
    until: Option<Instant>,
}

impl Attempt {
    pub(crate) const fn new(number: u32, until: Option<Instant>) -> Self {
        Self { number, until }
    }

    /// From 1 on.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// When it is cut off, whatever it is doing: for the one that is called, who then needs not go on either.
    #[must_use]
    pub const fn until(&self) -> Option<Instant> {
        self.until
    }
}

/// What is told when an attempt failed and another one will be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Again {
    /// The number of the attempt that failed, from 1 on.
    pub attempt: u32,
    /// What its result called for.
    pub verdict: Verdict,
    /// Before the next one.
    pub wait: Duration,
}

/// How a call ended. In the extensions of an answer that needed more than its first attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Report {
    /// That were made.
    pub attempts: u32,
    pub end: End,
}

/// Why there was no further attempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum End {
    /// The last result is what was asked for.
    Accepted,
    /// Another attempt would have ended the same way.
    Refused,
    /// The call may be made once only, or its body can be had once only.
    NotRepeatable,
    /// All attempts were made.
    Attempts,
    /// It passed, or it would have before the next attempt.
    Deadline,
    /// The other side asked for a longer wait than the policy allows.
    AskedTooLong,
    /// The budget of repeats was used up.
    Budget,
    /// A circuit breaker is open.
    BreakerOpen,
}

impl End {
    /// For logs and labels of metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::NotRepeatable => "not_repeatable",
            Self::Attempts => "attempts",
            Self::Deadline => "deadline",
            Self::AskedTooLong => "asked_too_long",
            Self::Budget => "budget",
            Self::BreakerOpen => "breaker_open",
        }
    }
}
