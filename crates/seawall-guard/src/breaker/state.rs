use std::fmt;

use serde::Serialize;

/// What a breaker does with calls.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Calls pass and are counted. Closed => (Open)
    Closed,
    /// Calls are refused until its time is over; then the next one is a probe. Open => (HalfOpen)
    Open,
    /// So many probes pass, and decide. HalfOpen => (Closed | Open)
    HalfOpen,
    /// Calls are refused, by somebody's word. ForcedOpen => (Open, whose time is over)
    ForcedOpen,
    /// Calls pass, and nothing is counted. Disabled => (Closed)
    Disabled,
    /// Calls pass and are counted, and it is only told when it would have opened. MetricsOnly => (Closed)
    MetricsOnly,
}

impl State {
    /// As in JSON, logs and labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::Disabled => "disabled",
            Self::MetricsOnly => "metrics_only",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a breaker went from one state to another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// So great a part of the window's calls failed.
    FailureRatio,
    /// So great a part of the window's calls was slow.
    SlowRatio,
    /// So many calls failed in a row.
    ConsecutiveFailures,
    /// An answer named a time before which it should not be tried again.
    RetryAfter,
    /// The time for which it was open, or forced open, is over.
    TimeOver,
    /// The probes were good.
    ProbesPassed,
    /// The probes were not.
    ProbesFailed,
    /// It was half-open for as long as it may be, and the probes had not decided.
    HalfOpenOver,
    /// Others have found it broken ([`super::Breaker::trip`]).
    Vote,
    /// Somebody's word: forced open, released, reset, disabled, metrics-only.
    Control,
}

impl Cause {
    /// As in JSON, logs and labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FailureRatio => "failure_ratio",
            Self::SlowRatio => "slow_ratio",
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::RetryAfter => "retry_after",
            Self::TimeOver => "time_over",
            Self::ProbesPassed => "probes_passed",
            Self::ProbesFailed => "probes_failed",
            Self::HalfOpenOver => "half_open_over",
            Self::Vote => "vote",
            Self::Control => "control",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_and_a_cause_are_one_word_everywhere() {
        for state in [State::Closed, State::HalfOpen, State::ForcedOpen, State::MetricsOnly] {
            assert_eq!(serde_json::to_value(state).unwrap(), state.to_string());
        }
        for cause in [Cause::FailureRatio, Cause::HalfOpenOver, Cause::RetryAfter] {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.to_string());
        }
    }
}
