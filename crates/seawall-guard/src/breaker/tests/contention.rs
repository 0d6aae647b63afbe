//! Threads that race. The breaker is open for a nanosecond, so that every look at the clock finds its time over.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use super::{breaker, two_in_a_row, under_way};
use crate::breaker::{Breaker, Outcome, State};

const THREADS: u32 = 8;
const PERMITS: u32 = 3;

fn open_for_a_moment() -> Breaker {
    let moment = Duration::from_nanos(1);
    let breaker = breaker(
        two_in_a_row()
            .half_open_permits(PERMITS)
            .open_for(moment)
            .open_growth(1.0, moment),
    );
    breaker.trip(None);
    breaker
}

#[test]
fn more_probes_than_permitted_at_the_transition_under_contention() {
    let breaker = open_for_a_moment();
    let barrier = Barrier::new(usize::try_from(THREADS).unwrap());
    let admitted = AtomicU32::new(0);
    let round = |first: bool| {
        barrier.wait();
        let probes: Vec<_> = (0..2).filter_map(|_| breaker.try_acquire().ok()).collect();
        admitted.fetch_add(u32::try_from(probes.len()).unwrap(), Ordering::SeqCst);
        barrier.wait();
        if first {
            assert_eq!(admitted.swap(0, Ordering::SeqCst), PERMITS);
            assert_eq!((breaker.state(), under_way(&breaker)), (State::HalfOpen, Some(PERMITS)));
            // The next round begins open again, and the probes of this one are of another half-open.
            breaker.trip(None);
        }
        barrier.wait();
        probes.into_iter().for_each(|probe| probe.record(Outcome::Success));
    };
    thread::scope(|scope| {
        for number in 0..THREADS {
            scope.spawn(move || (0..1000).for_each(|_| round(number == 0)));
        }
    });
}

/// Probes end, fail, and are given up while others ask.
#[test]
fn never_more_probes_under_way_than_permitted() {
    let breaker = open_for_a_moment();
    let (held, most) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (breaker, held, most) = (&breaker, &held, &most);
            scope.spawn(move || {
                for turn in 0..4000 {
                    let Ok(permit) = breaker.try_acquire() else {
                        thread::yield_now();
                        continue;
                    };
                    most.fetch_max(held.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    thread::yield_now();
                    held.fetch_sub(1, Ordering::SeqCst);
                    // A failed one is enough for them to decide that it opens again.
                    match (turn + thread) % 3 {
                        0 => drop(permit),
                        1 => permit.record(Outcome::Ignored),
                        _ => permit.record(Outcome::FAILURE),
                    }
                }
            });
        }
    });
    let snapshot = breaker.snapshot();
    let totals = snapshot.totals;
    assert!(most.into_inner() <= PERMITS);
    assert!(
        totals.openings > 1 && totals.cancelled > 0 && totals.ignored > 0,
        "{totals:?}"
    );
    assert!(snapshot.probes.is_none_or(|probes| probes.under_way == 0));
}

/// No result is lost or counted twice, however many threads there are.
#[test]
fn every_result_counts_once() {
    let breaker = breaker(two_in_a_row().consecutive_failures(u64::MAX));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for turn in 0..5000 {
                    let outcome = if turn % 4 == 0 {
                        Outcome::FAILURE
                    } else {
                        Outcome::Success
                    };
                    breaker.try_acquire().unwrap().record(outcome);
                }
            });
        }
    });
    let totals = breaker.snapshot().totals;
    assert_eq!((totals.successes, totals.failures), (30_000, 10_000));
    assert_eq!((breaker.snapshot().counts.calls, totals.late), (10, 0));
}
