use std::sync::{Arc, OnceLock};
use std::thread;

use parking_lot::Mutex;
use tokio::time::advance;

use super::{SECOND, breaker, end, two_in_a_row};
use crate::breaker::outbox::{MOST_WAITING, Outbox};
use crate::breaker::{Breaker, BreakerConfig, Cause, Observer, Outcome, Rejected, State, Transition};

#[derive(Default)]
struct Heard {
    told: Mutex<Vec<Transition>>,
    rejected: Mutex<Vec<Rejected>>,
}

impl Observer for Heard {
    fn changed(&self, transition: &Transition) {
        self.told.lock().push(transition.clone());
    }

    fn rejected(&self, rejected: &Rejected) {
        self.rejected.lock().push(rejected.clone());
    }
}

fn config() -> BreakerConfig {
    two_in_a_row().build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_told_in_order_with_its_reason() {
    let heard = Arc::new(Heard::default());
    let breaker = Breaker::observed("api", config(), Arc::clone(&heard));
    end(&breaker, Outcome::FAILURE);
    end(&breaker, Outcome::FAILURE);
    assert!(breaker.try_acquire().is_err());
    advance(10 * SECOND).await;
    end(&breaker, Outcome::Success);
    end(&breaker, Outcome::Success);
    let told = heard.told.lock();
    let told: Vec<_> = told
        .iter()
        .map(|one| (one.sequence, one.from, one.to, one.cause, one.open_for))
        .collect();
    let expected = [
        (
            0,
            State::Closed,
            State::Open,
            Cause::ConsecutiveFailures,
            Some(10 * SECOND),
        ),
        (1, State::Open, State::HalfOpen, Cause::TimeOver, None),
        (2, State::HalfOpen, State::Closed, Cause::ProbesPassed, None),
    ];
    assert_eq!(told, expected);
    assert_eq!(heard.rejected.lock().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn metrics_only_refuses_nobody_and_tells_once_what_it_would_have_done() {
    let heard = Arc::new(Heard::default());
    let breaker = Breaker::observed("api", config(), Arc::clone(&heard));
    breaker.metrics_only();
    for outcome in [Outcome::FAILURE, Outcome::Success, Outcome::FAILURE] {
        for _ in 0..5 {
            end(&breaker, outcome);
        }
    }
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.state, snapshot.counts.calls), (State::MetricsOnly, 10));
    assert_eq!((snapshot.totals.would_open, snapshot.totals.openings), (2, 0));
    let told = heard.told.lock();
    let shadows = told
        .iter()
        .filter(|one| one.is_shadow() && one.cause == Cause::ConsecutiveFailures);
    assert_eq!((told.len(), shadows.count()), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_vote_opens_and_a_word_outweighs_it() {
    let breaker = breaker(two_in_a_row());
    breaker.trip(None);
    assert_eq!(breaker.snapshot().time_to_half_open, Some(10 * SECOND));
    breaker.trip(Some(30 * SECOND));
    assert_eq!(breaker.snapshot().time_to_half_open, Some(30 * SECOND));
    breaker.trip(Some(SECOND));
    assert_eq!(breaker.snapshot().time_to_half_open, Some(30 * SECOND));
    breaker.disable();
    breaker.trip(None);
    for _ in 0..5 {
        end(&breaker, Outcome::FAILURE);
    }
    let snapshot = breaker.snapshot();
    assert_eq!((snapshot.state, snapshot.counts.calls), (State::Disabled, 0));
    breaker.release();
    assert_eq!(
        (breaker.state(), breaker.snapshot().totals.failures),
        (State::Closed, 0)
    );
}

/// Threads open, release and reset as they like: each transition begins where the one before it ended.
#[test]
fn the_order_is_kept_under_contention() {
    let heard = Arc::new(Heard::default());
    let breaker = Breaker::observed("api", config(), Arc::clone(&heard));
    thread::scope(|scope| {
        for number in 0..4 {
            let breaker = &breaker;
            scope.spawn(move || {
                for turn in 0..2000 {
                    match (turn + number) % 4 {
                        0 => breaker.force_open(),
                        1 => breaker.release(),
                        2 => breaker.reset(),
                        _ => breaker.disable(),
                    }
                }
            });
        }
    });
    let told = heard.told.lock();
    assert!(told.len() > 1000, "{}", told.len());
    for pair in told.windows(2) {
        assert!(pair[0].sequence < pair[1].sequence);
        if pair[0].sequence + 1 == pair[1].sequence {
            assert_eq!(pair[0].to, pair[1].from);
        }
    }
    assert_eq!(told.last().map(|last| last.to), Some(breaker.state()));
}

/// An observer that uses the breaker it is told of.
#[derive(Default)]
struct Resets {
    breaker: OnceLock<Breaker>,
    told: Mutex<Vec<(State, State)>>,
}

impl Observer for Resets {
    fn changed(&self, transition: &Transition) {
        self.told.lock().push((transition.from, transition.to));
        if let (State::Open, Some(breaker)) = (transition.to, self.breaker.get()) {
            breaker.reset();
            assert_eq!(breaker.state(), State::Closed);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_may_use_the_breaker() {
    let resets = Arc::new(Resets::default());
    let breaker = Breaker::observed("api", config(), Arc::clone(&resets));
    assert!(resets.breaker.set(breaker.clone()).is_ok());
    breaker.trip(None);
    assert_eq!(breaker.state(), State::Closed);
    let told = [(State::Closed, State::Open), (State::Open, State::Closed)];
    assert_eq!(*resets.told.lock(), told);
}

/// An observer that panics at the first transition it is told of.
#[derive(Default)]
struct Panics(Mutex<Vec<u64>>);

impl Observer for Panics {
    fn changed(&self, transition: &Transition) {
        self.0.lock().push(transition.sequence);
        assert!(transition.sequence > 0, "the first one");
    }
}

#[test]
fn an_observer_that_panics_is_told_the_next_one() {
    let panics = Arc::new(Panics::default());
    let breaker = Breaker::observed("api", config(), Arc::clone(&panics));
    let other = breaker.clone();
    assert!(thread::spawn(move || other.trip(None)).join().is_err());
    assert_eq!(breaker.state(), State::Open);
    breaker.reset();
    assert_eq!(*panics.0.lock(), [0, 1]);
}

#[test]
fn what_waits_to_be_told_is_bounded_and_a_gap_is_seen() {
    let breaker = breaker(two_in_a_row());
    let mut outbox = Outbox::new(true);
    for _ in 0..MOST_WAITING + 7 {
        outbox.put(|sequence| Transition {
            breaker: breaker.name().into(),
            sequence,
            at: tokio::time::Instant::now(),
            from: State::Closed,
            to: State::ForcedOpen,
            cause: Cause::Control,
            open_for: None,
        });
    }
    assert!(outbox.begin() && !outbox.begin(), "one tells at a time");
    assert_eq!(outbox.next().map(|first| first.sequence), Some(7));
    let rest = std::iter::from_fn(|| outbox.next()).count();
    assert_eq!(rest, MOST_WAITING - 1);
}
