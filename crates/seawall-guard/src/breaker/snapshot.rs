use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::{Cause, Outcome, State};

/// A breaker as it was at one moment.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Snapshot {
    #[serde(serialize_with = "text")]
    pub name: Arc<str>,
    pub state: State,
    /// Why it came to this state; none if it has never been in another.
    pub cause: Option<Cause>,
    /// For how long it has been in it.
    #[serde(rename = "since_ms", serialize_with = "millis")]
    pub since: Duration,
    /// The window's; while it is open, those it opened with; half-open, the probes'.
    pub counts: Counts,
    /// None without calls.
    pub failure_ratio: Option<f64>,
    /// None without calls.
    pub slow_ratio: Option<f64>,
    pub thresholds: Thresholds,
    /// Only while it is half-open.
    pub probes: Option<Probes>,
    /// While it is open, and while it is forced open with an end. Zero: the next call is a probe.
    #[serde(rename = "time_to_half_open_ms", serialize_with = "maybe_millis")]
    pub time_to_half_open: Option<Duration>,
    /// How often it has opened since it was closed.
    pub consecutive_openings: u32,
    pub totals: Totals,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    pub calls: u64,
    pub failures: u64,
    pub slow: u64,
    pub consecutive_failures: u64,
}

/// See [`super::BreakerConfigBuilder`]. What is none opens nothing.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Thresholds {
    pub failure_ratio: Option<f64>,
    pub slow_ratio: Option<f64>,
    #[serde(rename = "slow_from_ms", serialize_with = "maybe_millis")]
    pub slow_from: Option<Duration>,
    pub consecutive_failures: Option<u64>,
    pub minimum_calls: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Probes {
    pub permitted: u32,
    pub under_way: u32,
    pub ended: u32,
}

/// Since the breaker was made; for metrics, which count up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Totals {
    pub successes: u64,
    pub failures: u64,
    pub throttled: u64,
    pub ignored: u64,
    /// Of successes, failures and throttled ones.
    pub slow: u64,
    pub cancelled: u64,
    /// Ended in another state than the one that admitted them.
    pub late: u64,
    pub rejected: u64,
    pub openings: u64,
    /// What metrics-only did not do.
    pub would_open: u64,
}

impl Totals {
    pub(super) fn add(&mut self, outcome: Outcome, slow: bool) {
        match outcome {
            Outcome::Success => self.successes += 1,
            Outcome::Failure { .. } => self.failures += 1,
            Outcome::Throttled { .. } => self.throttled += 1,
            Outcome::Ignored => {
                self.ignored += 1;
                return;
            }
        }
        self.slow += u64::from(slow);
    }
}

fn text<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// Rounded up, so that what is left is not zero before it is over.
fn rounded_up(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

fn millis<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(rounded_up(*time))
}

fn maybe_millis<S: Serializer>(time: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(rounded_up).serialize(serializer)
}
