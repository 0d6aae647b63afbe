//! What goes wrong with one call.

use std::time::Duration;

use seawall_engine::store::{StoreError, StoreOp};

use crate::sim::rng::Rng;

/// How bad it is at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Weather {
    /// Of a thousand calls so many fail.
    pub(crate) faults: u64,
    /// Of a thousand calls so many take long.
    pub(crate) slow: u64,
}

impl Weather {
    pub(crate) const CALM: Self = Self { faults: 0, slow: 0 };

    pub(crate) fn any(rng: &mut Rng) -> Self {
        Self {
            faults: *rng.pick(&[0, 5, 20, 60, 200]),
            slow: *rng.pick(&[0, 20, 100]),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trouble {
    /// The write queue is full.
    Busy,
    /// Nothing is written, and the caller knows.
    Unavailable,
    /// Nothing is written, and the caller does not know.
    LostRequest,
    /// It is written, and the caller does not know.
    LostAnswer,
}

/// The fate of one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    pub(super) before: Duration,
    pub(super) trouble: Option<Trouble>,
    pub(super) after: Duration,
}

impl Fate {
    pub(super) fn of(op: StoreOp, weather: Weather, rng: &mut Rng) -> Self {
        let trouble = rng.permille(weather.faults).then(|| match rng.below(4) {
            // Appends of held runs wait for room, and readers do not queue up.
            0 if may_be_refused(op) => Trouble::Busy,
            0 | 1 => Trouble::Unavailable,
            2 => Trouble::LostRequest,
            _ => Trouble::LostAnswer,
        });
        Self {
            before: delay(op, weather, rng),
            trouble,
            after: delay(op, weather, rng),
        }
    }
}

/// What clients ask for when the write queue is full. The engine's own writes wait.
const fn may_be_refused(op: StoreOp) -> bool {
    matches!(
        op,
        StoreOp::CreateRun
            | StoreOp::Send
            | StoreOp::DecideApproval
            | StoreOp::CreateSchedule
            | StoreOp::UpdateSchedule
            | StoreOp::ClaimTasks
            | StoreOp::HeartbeatTask
            | StoreOp::SettleTask
            | StoreOp::SetQueue
            | StoreOp::Forget
    )
}

fn delay(op: StoreOp, weather: Weather, rng: &mut Rng) -> Duration {
    if !rng.permille(weather.slow) {
        return rng.millis(0, 4);
    }
    match (op, rng.below(10)) {
        // Longer than a lease.
        (StoreOp::Renew | StoreOp::Claim | StoreOp::HeartbeatTask | StoreOp::SettleTask, 0..=2) => {
            rng.millis(1000, 13_000)
        }
        (_, 0) => rng.millis(500, 6000),
        _ => rng.millis(10, 300),
    }
}

impl Trouble {
    pub(super) fn error(self) -> StoreError {
        match self {
            Self::Busy => StoreError::Busy,
            Self::Unavailable => unavailable("a fault of the story"),
            Self::LostRequest | Self::LostAnswer => ambiguous(),
        }
    }
}

pub(super) const fn unavailable(reason: &'static str) -> StoreError {
    StoreError::Unavailable { reason, source: None }
}

pub(super) fn ambiguous() -> StoreError {
    StoreError::Ambiguous {
        source: "a fault of the story".into(),
    }
}
