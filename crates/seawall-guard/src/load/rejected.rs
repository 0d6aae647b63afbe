use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::Priority;
use crate::problem::{Problem, kinds};

/// A call was not made.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{limiter} is overloaded: a call ({}) {reason}", priority.as_str())]
pub struct Rejected {
    /// The limiter's name.
    pub limiter: Arc<str>,
    pub priority: Priority,
    pub reason: Reason,
    /// When there may be room: 1 s to 30 s.
    pub retry_after: Duration,
}

/// Why it was turned away.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Reason {
    /// There was no room, and no place to wait.
    Full,
    /// It waited, and its place went to a call of higher priority, or of a principal that had fewer.
    Displaced,
    /// It waited as long as it may.
    Late,
}

impl Reason {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Displaced => "displaced",
            Self::Late => "late",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "found no room",
            Self::Displaced => "lost its place in the queue",
            Self::Late => "found no room in time",
        })
    }
}

impl From<Rejected> for Problem {
    /// 503 `overloaded`, with Retry-After in whole seconds. The limiter's name is for operators, and not in it.
    fn from(rejected: Rejected) -> Self {
        Self::new(&kinds::OVERLOADED).with_retry_after(rejected.retry_after)
    }
}
