use tokio::time::Instant;

use crate::breaker::State;
use crate::breaker::window::Sums;

/// A state, and what is known in it only.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in crate::breaker) enum Phase {
    Closed,
    Open {
        until: Instant,
    },
    HalfOpen {
        ends: Instant,
        /// Probes that have been admitted and have not ended.
        under_way: u32,
        /// Those that have.
        ended: Sums,
    },
    ForcedOpen {
        until: Option<Instant>,
    },
    Disabled,
    MetricsOnly {
        /// It was told that it would have opened, and since then it would not have closed.
        told: bool,
    },
}

impl Phase {
    pub(in crate::breaker) const fn state(self) -> State {
        match self {
            Self::Closed => State::Closed,
            Self::Open { .. } => State::Open,
            Self::HalfOpen { .. } => State::HalfOpen,
            Self::ForcedOpen { .. } => State::ForcedOpen,
            Self::Disabled => State::Disabled,
            Self::MetricsOnly { .. } => State::MetricsOnly,
        }
    }

    /// Everybody passes, and no look at the clock changes that.
    pub(super) const fn admits_all(self) -> bool {
        matches!(self, Self::Closed | Self::Disabled | Self::MetricsOnly { .. })
    }
}
