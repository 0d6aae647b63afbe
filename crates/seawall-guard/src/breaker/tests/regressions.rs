//! What known breakers have got wrong, one by one.

use std::time::Duration;

use tokio::time::advance;

use super::{SECOND, breaker, end, opened, two_in_a_row, under_way};
use crate::breaker::{AfterHalfOpen, BreakerConfig, Cause, Outcome, State, Window};

const MINUTE: Duration = Duration::from_secs(60);

/// Probes that never end: the breaker must not wait for them for ever, and they must not stand in the way of the next ones.
#[tokio::test(start_paused = true)]
async fn stuck_half_open() {
    let breaker = opened(two_in_a_row().half_open_at_most(MINUTE, AfterHalfOpen::Open));
    advance(10 * SECOND).await;
    let stuck = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!((rejected.state, rejected.retry_after), (State::HalfOpen, None));
    advance(MINUTE).await;
    let snapshot = breaker.snapshot();
    assert_eq!(
        (snapshot.state, snapshot.cause),
        (State::Open, Some(Cause::HalfOpenOver))
    );
    assert_eq!(snapshot.time_to_half_open, Some(20 * SECOND), "it grows");
    advance(20 * SECOND).await;
    let fresh = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
    // What the stuck ones say in the end is not about this state.
    for permit in stuck {
        permit.record(Outcome::FAILURE);
    }
    assert_eq!((breaker.state(), under_way(&breaker)), (State::HalfOpen, Some(2)));
    for permit in fresh {
        permit.record(Outcome::Success);
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn stuck_half_open_may_end_closed() {
    let breaker = opened(two_in_a_row().half_open_at_most(MINUTE, AfterHalfOpen::Close));
    advance(10 * SECOND).await;
    let stuck = breaker.try_acquire().unwrap();
    advance(MINUTE).await;
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.state, snapshot.consecutive_openings), (State::Closed, 0));
    stuck.record(Outcome::FAILURE);
    assert_eq!(breaker.snapshot().counts.calls, 0);
}

/// Nobody came for an hour: what was due in the meantime counts from when it was due, and the next call is a probe.
#[tokio::test(start_paused = true)]
async fn stuck_half_open_that_nobody_looked_at() {
    let breaker = opened(two_in_a_row().half_open_at_most(MINUTE, AfterHalfOpen::Open));
    advance(10 * SECOND).await;
    let _stuck = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
    advance(60 * MINUTE).await;
    end(&breaker, Outcome::Success);
    assert_eq!(breaker.state(), State::HalfOpen);
}

/// A call whose result does not count ended nonetheless.
#[tokio::test(start_paused = true)]
async fn stuck_half_open_by_results_that_do_not_count() {
    let breaker = opened(two_in_a_row());
    advance(10 * SECOND).await;
    for _ in 0..10 {
        end(&breaker, Outcome::Ignored);
        assert_eq!((breaker.state(), under_way(&breaker)), (State::HalfOpen, Some(0)));
    }
    end(&breaker, Outcome::Success);
    end(&breaker, Outcome::Success);
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn more_probes_than_permitted_are_refused_and_all_of_them_decide() {
    let breaker = opened(two_in_a_row().half_open_permits(3).failure_ratio(0.5));
    advance(10 * SECOND).await;
    let probes: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
    assert!(breaker.try_acquire().is_err());
    let results = [Outcome::FAILURE, Outcome::Success, Outcome::Success];
    for (probe, result) in probes.into_iter().zip(results) {
        assert_eq!(breaker.state(), State::HalfOpen, "it does not decide on the first");
        probe.record(result);
        // One that has ended makes no room: so many decide, and no others.
        assert_eq!(breaker.try_acquire().is_err(), breaker.state() == State::HalfOpen);
    }
    assert_eq!(breaker.state(), State::Closed, "1 of 3 is less than half");
}

/// The time for which it was open ends while it is forced open: nothing may come of that.
#[tokio::test(start_paused = true)]
async fn timer_firing_out_of_forced_open() {
    let breaker = opened(two_in_a_row());
    breaker.force_open();
    for _ in 0..5 {
        advance(MINUTE).await;
        let rejected = breaker.try_acquire().unwrap_err();
        assert_eq!((rejected.state, rejected.retry_after), (State::ForcedOpen, None));
    }
    breaker.release();
    end(&breaker, Outcome::Success);
    assert_eq!(breaker.state(), State::HalfOpen, "the first one after it is a probe");
}

#[tokio::test(start_paused = true)]
async fn timer_firing_out_of_a_half_open_that_was_forced_open() {
    let breaker = opened(two_in_a_row().half_open_at_most(SECOND, AfterHalfOpen::Close));
    advance(10 * SECOND).await;
    let probe = breaker.try_acquire().unwrap();
    breaker.force_open_for(MINUTE);
    advance(2 * SECOND).await;
    probe.record(Outcome::Success);
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!(
        (rejected.state, rejected.retry_after),
        (State::ForcedOpen, Some(58 * SECOND))
    );
    advance(58 * SECOND).await;
    let snapshot = breaker.snapshot();
    assert_eq!(
        (snapshot.state, snapshot.time_to_half_open),
        (State::Open, Some(Duration::ZERO))
    );
    end(&breaker, Outcome::Success);
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_probe_gives_its_permit_back() {
    let breaker = opened(two_in_a_row());
    advance(10 * SECOND).await;
    for _ in 0..10 {
        let probes = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
        assert!(breaker.try_acquire().is_err());
        drop(probes);
    }
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.state, snapshot.counts.calls), (State::HalfOpen, 0));
    assert_eq!((snapshot.totals.cancelled, snapshot.totals.rejected), (20, 10));
    end(&breaker, Outcome::Success);
    end(&breaker, Outcome::Success);
    assert_eq!(breaker.state(), State::Closed);
}

/// One of another half-open gives nothing to this one.
#[tokio::test(start_paused = true)]
async fn a_cancelled_probe_gives_its_permit_back_to_its_own_half_open_only() {
    let breaker = opened(two_in_a_row().half_open_at_most(SECOND, AfterHalfOpen::Open));
    advance(10 * SECOND).await;
    let old = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
    advance(SECOND + 20 * SECOND).await;
    let _new = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
    drop(old);
    assert!(breaker.try_acquire().is_err());
    assert_eq!(under_way(&breaker), Some(2));
}

/// A window that never forgets needs as many failures as there were successes before.
#[tokio::test(start_paused = true)]
async fn ten_thousand_successes_do_not_outweigh_ten_failures() {
    let config = BreakerConfig::builder().window(Window::Calls(10)).minimum_calls(10);
    let breaker = breaker(config.failure_ratio(0.5));
    for _ in 0..10_000 {
        end(&breaker, Outcome::Success);
    }
    for _ in 0..4 {
        end(&breaker, Outcome::FAILURE);
    }
    assert_eq!(breaker.state(), State::Closed);
    end(&breaker, Outcome::FAILURE);
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn too_many_calls_are_no_failures_in_a_row_and_fail_a_probe() {
    const THROTTLED: Outcome = Outcome::Throttled { retry_after: None };
    let breaker = breaker(two_in_a_row().failure_ratio(1.0));
    for outcome in [Outcome::FAILURE, THROTTLED, THROTTLED, THROTTLED] {
        end(&breaker, outcome);
    }
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.state, snapshot.counts.failures), (State::Closed, 4));
    assert_eq!(snapshot.counts.consecutive_failures, 1);
    end(&breaker, Outcome::FAILURE);
    assert_eq!(breaker.state(), State::Open, "nor do they end a row");
    advance(10 * SECOND).await;
    end(&breaker, THROTTLED);
    end(&breaker, THROTTLED);
    let snapshot = breaker.snapshot();
    assert_eq!(
        (snapshot.state, snapshot.cause),
        (State::Open, Some(Cause::ProbesFailed))
    );
}

#[tokio::test(start_paused = true)]
async fn a_result_opens_it_until_the_time_that_it_names_and_no_longer_than_is_bounded() {
    let named = |seconds| Outcome::Throttled {
        retry_after: Some(Duration::from_secs(seconds)),
    };
    let breaker = breaker(two_in_a_row().retry_after_at_most(MINUTE));
    let late = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
    end(&breaker, named(0));
    assert_eq!(breaker.state(), State::Closed);
    end(&breaker, named(30));
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!((rejected.state, rejected.retry_after), (State::Open, Some(30 * SECOND)));
    // One that was under way then may name a later time, and not an earlier one.
    for (permit, seconds, left) in late
        .into_iter()
        .zip([3, 600])
        .zip([30, 60])
        .map(|((a, b), c)| (a, b, c))
    {
        permit.record(named(seconds));
        assert_eq!(breaker.snapshot().time_to_half_open, Some(left * SECOND));
    }
    advance(MINUTE).await;
    end(&breaker, named(5));
    assert_eq!(
        breaker.snapshot().time_to_half_open,
        Some(5 * SECOND),
        "one probe is enough"
    );
}

/// The ratio may be met by a call that was good: the one that makes enough of them.
#[tokio::test(start_paused = true)]
async fn a_good_call_may_be_the_one_that_opens_it() {
    let config = BreakerConfig::builder().window(Window::Calls(4)).minimum_calls(4);
    let breaker = breaker(config.failure_ratio(0.5));
    for outcome in [Outcome::FAILURE, Outcome::FAILURE, Outcome::Success, Outcome::Success] {
        assert_eq!(breaker.state(), State::Closed);
        end(&breaker, outcome);
    }
    assert_eq!(breaker.snapshot().cause, Some(Cause::FailureRatio));
}

/// Probes that are good and too slow do not close it, and calls that are good and too slow open it.
#[tokio::test(start_paused = true)]
async fn good_calls_that_are_slow_open_it_and_keep_it_open() {
    let config = BreakerConfig::builder().window(Window::Calls(4)).minimum_calls(4);
    let config = config.slow_calls(SECOND, 0.5).open_for(SECOND).jitter(0.0);
    let breaker = breaker(config.half_open_permits(2));
    let calls: Vec<_> = (0..4).map(|_| breaker.try_acquire().unwrap()).collect();
    let mut calls = calls.into_iter();
    let mut end_two = || calls.by_ref().take(2).for_each(|call| call.record(Outcome::Success));
    advance(SECOND - Duration::from_nanos(1)).await;
    end_two();
    advance(Duration::from_nanos(1)).await;
    end_two();
    let snapshot = breaker.snapshot();
    assert_eq!(
        (snapshot.cause, snapshot.slow_ratio),
        (Some(Cause::SlowRatio), Some(0.5))
    );
    advance(SECOND).await;
    let slow = breaker.try_acquire().unwrap();
    advance(SECOND).await;
    slow.record(Outcome::Success);
    end(&breaker, Outcome::Success);
    assert_eq!(breaker.snapshot().cause, Some(Cause::ProbesFailed));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_written_down_as_it_is() {
    let breaker = opened(two_in_a_row().failure_ratio(0.5));
    advance(Duration::from_micros(2500)).await;
    insta::assert_json_snapshot!(breaker.snapshot());
}

#[test]
fn it_needs_no_runtime() {
    let breaker = breaker(two_in_a_row().open_for(Duration::from_nanos(1)));
    breaker.trip(None);
    end(&breaker, Outcome::Success);
    assert_eq!(breaker.state(), State::HalfOpen);
}
