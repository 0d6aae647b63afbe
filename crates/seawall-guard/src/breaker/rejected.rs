use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::State;
use crate::problem::{Problem, kinds};

/// A call was not made.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("the circuit {breaker} is {state}")]
pub struct Rejected {
    /// The breaker's name.
    pub breaker: Arc<str>,
    pub state: State,
    /// When the next call may pass, where that is known: not while probes are under way, nor while it is forced open without an
    /// end.
    pub retry_after: Option<Duration>,
}

impl From<Rejected> for Problem {
    /// 503 `circuit-open`, with Retry-After in whole seconds, rounded up, where it is known.
    fn from(rejected: Rejected) -> Self {
        let problem = Self::new(&kinds::CIRCUIT_OPEN).with_extension("dependency", &*rejected.breaker);
        match rejected.retry_after {
            Some(wait) => problem.with_retry_after(wait),
            None => problem,
        }
    }
}
