use std::time::Duration;

use thiserror::Error;

use super::config::{LONGEST, LONGEST_WAIT, MOST_CALLS, MOST_WAITING};

/// Why a configuration makes no sense. The names are those of the builder's functions.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    #[error("limits are {min}, {initial}, {max}: they have to rise, from 1 to {MOST_CALLS} at most")]
    Limits { min: u32, initial: u32, max: u32 },
    #[error("reserved is {share}: it has to be at least 0 and below 1")]
    Reserved { share: f64 },
    #[error("control is {calls}: it has to be from 1 to {MOST_CALLS}")]
    Control { calls: u32 },
    #[error("queue holds {waiting}: it has to hold {MOST_WAITING} at most")]
    Waiting { waiting: usize },
    #[error("queue waits for {wait:?}: it has to be above 0 and at most {LONGEST_WAIT:?}")]
    Wait { wait: Duration },
    #[error("{name} is {time:?}: it has to be above 0 and at most {LONGEST:?}")]
    Time { name: &'static str, time: Duration },
}
