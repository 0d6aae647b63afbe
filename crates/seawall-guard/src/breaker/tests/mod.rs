//! The breaker as a whole, by what anybody can call. The clock is tokio's, held still; where threads race it is the real one.

mod cancellation;
mod contention;
mod events;
mod layer;
mod oracle;
mod regressions;
mod schedules;

use std::time::Duration;

use super::{Breaker, BreakerConfig, BreakerConfigBuilder, Outcome, State, Window};

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// Opens for 10 s by two failures in a row, and then asks two probes.
pub(super) fn two_in_a_row() -> BreakerConfigBuilder {
    BreakerConfig::builder()
        .window(Window::Calls(10))
        .minimum_calls(10)
        .consecutive_failures(2)
        .open_for(10 * SECOND)
        .jitter(0.0)
        .half_open_permits(2)
}

pub(super) fn breaker(builder: BreakerConfigBuilder) -> Breaker {
    Breaker::new("api", builder.build().unwrap())
}

pub(super) fn end(breaker: &Breaker, outcome: Outcome) {
    breaker.try_acquire().unwrap().record(outcome);
}

/// One that its calls have opened.
pub(super) fn opened(builder: BreakerConfigBuilder) -> Breaker {
    let breaker = breaker(builder);
    end(&breaker, Outcome::FAILURE);
    end(&breaker, Outcome::FAILURE);
    assert_eq!(breaker.state(), State::Open);
    breaker
}

/// So many calls under way.
pub(super) fn under_way(breaker: &Breaker) -> Option<u32> {
    breaker.snapshot().probes.map(|probes| probes.under_way)
}
