use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::problem::{Problem, kinds};

/// A call was not made.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("the bulkhead {bulkhead} {reason}")]
pub struct Rejected {
    /// The bulkhead's name.
    pub bulkhead: Arc<str>,
    pub reason: Reason,
    /// When the queue as it is will have been worked off: 1 s to 60 s.
    pub retry_after: Duration,
}

/// Why there was no permit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// All permits and all places in the queue were taken.
    Full,
    /// It waited as long as it may.
    Late,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "is full",
            Self::Late => "had no permit in time",
        })
    }
}

impl From<Rejected> for Problem {
    /// 503 `overloaded`, with the bulkhead's name as the dependency, and Retry-After in whole seconds.
    fn from(rejected: Rejected) -> Self {
        Self::new(&kinds::OVERLOADED)
            .with_extension("dependency", &*rejected.bulkhead)
            .with_retry_after(rejected.retry_after)
    }
}
