use std::time::Duration;

use thiserror::Error;

use super::config::{LONGEST, MOST_BUCKETS, MOST_CALLS, MOST_PROBES};

/// Why a configuration makes no sense. The names are those of the builder's functions.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    #[error("nothing opens the breaker: set failure_ratio, slow_calls or consecutive_failures")]
    NeverOpens,
    #[error("{name} is {ratio}: it has to be above 0 and at most 1")]
    Ratio { name: &'static str, ratio: f64 },
    #[error("window has {calls} calls: it has to have 1 to {MOST_CALLS}")]
    WindowCalls { calls: usize },
    #[error("window has {buckets} buckets in {length:?}: 1 to {MOST_BUCKETS} of a millisecond at least")]
    WindowBuckets { length: Duration, buckets: usize },
    #[error("minimum_calls is {minimum}, and the window has {calls} calls: so many never come together")]
    MinimumCalls { minimum: u64, calls: u64 },
    #[error("{name} is 0")]
    Zero { name: &'static str },
    #[error("{name} is {time:?}: it has to be at most {LONGEST:?}")]
    TooLong { name: &'static str, time: Duration },
    #[error("open_growth multiplies by {factor}: it has to be from 1 to 1000")]
    Growth { factor: f64 },
    #[error("open_growth ends at {longest:?}, which is less than open_for, {first:?}")]
    GrowthEnds { first: Duration, longest: Duration },
    #[error("jitter is {jitter}: it has to be at least 0 and below 1")]
    Jitter { jitter: f64 },
    #[error("half_open_permits is {permits}: it has to be from 1 to {MOST_PROBES}")]
    Permits { permits: u32 },
}
