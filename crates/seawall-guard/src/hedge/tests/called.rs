use std::sync::Arc;

use futures_util::future::join_all;
use parking_lot::Mutex;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::retry::{AnyError, Idempotent, Terms};

/// What two attempts come to: after so many ms, whether well.
type Attempts = [(u32, bool); 2];

/// The number of the attempt that counted and whether well, the end, after how many ms, how many were made.
async fn hedged(hedge: &Hedge<AnyError>, terms: Terms, attempts: Attempts) -> (Result<u32, u32>, HedgeEnd, u128, u32) {
    let (began, made, held) = (Instant::now(), Mutex::new(0), Arc::new(()));
    let call = hedge.call(terms, |attempt| {
        *made.lock() += 1;
        let (held, number) = (Arc::clone(&held), attempt.number());
        let (took, well) = attempts[number as usize - 1];
        async move {
            tokio::time::sleep(took * MS).await;
            drop(held);
            if well { Ok(number) } else { Err(number) }
        }
    });
    let mut call = Box::pin(call);
    let Hedged { result, end } = (&mut call).await;
    assert_eq!(Arc::strong_count(&held), 1, "the loser is dropped when it has lost");
    drop(call);
    let made = made.into_inner();
    (result, end, began.elapsed().as_millis(), made)
}

#[tokio::test(start_paused = true)]
async fn whichever_is_done_first_counts() {
    let budget = RetryBudget::default();
    let hedge = policy(AnyError, &budget);
    let terms = Terms::from(Idempotent);
    for (attempts, expected) in [
        ([(20, true), (0, true)], (Ok(1), HedgeEnd::Alone, 20, 1)),
        ([(900, true), (20, true)], (Ok(2), HedgeEnd::Second, 70, 2)),
        ([(60, true), (20, true)], (Ok(1), HedgeEnd::First, 60, 2)),
        ([(50, true), (0, true)], (Ok(1), HedgeEnd::Alone, 50, 1)),
        // A failure before there is a second attempt is for who retries.
        ([(20, false), (0, true)], (Err(1), HedgeEnd::Alone, 20, 1)),
        // A failure while the other is under way is none yet, and the first of two counts.
        ([(60, false), (20, true)], (Ok(2), HedgeEnd::Second, 70, 2)),
        ([(80, true), (20, false)], (Ok(1), HedgeEnd::First, 80, 2)),
        ([(80, false), (20, false)], (Err(2), HedgeEnd::Second, 80, 2)),
        ([(60, false), (20, false)], (Err(1), HedgeEnd::First, 70, 2)),
        ([(90, true), (40, true)], (Ok(1), HedgeEnd::First, 90, 2)),
    ] {
        assert_eq!(hedged(&hedge, terms, attempts).await, expected, "{attempts:?}");
    }
    let seen = budget.snapshot();
    assert_eq!((seen.deposited, seen.withdrawn, seen.returned), (10, 7, 0));
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_made_twice_or_is_too_late_is_not_hedged() {
    let budget = RetryBudget::default();
    let hedge = policy(AnyError, &budget);
    let slow = [(900, true), (0, true)];
    let alone = (Ok(1), HedgeEnd::Alone, 900, 1);
    assert_eq!(hedged(&hedge, Terms::once(), slow).await, alone);
    let soon = Terms::from(Idempotent).until(Instant::now() + 50 * MS);
    assert_eq!(hedged(&hedge, soon, slow).await, alone);
    let later = Terms::from(Idempotent).until(Instant::now() + 51 * MS);
    assert_eq!(hedged(&hedge, later, slow).await, (Ok(2), HedgeEnd::Second, 50, 2));
    let empty = RetryBudget::new(0, 0, Duration::from_secs(1)).unwrap();
    let refused = (Ok(1), HedgeEnd::Budget, 900, 1);
    assert_eq!(
        hedged(&policy(AnyError, &empty), Idempotent.into(), slow).await,
        refused
    );
    assert_eq!((budget.snapshot().withdrawn, empty.snapshot().refused), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn it_can_be_dropped_at_any_time() {
    let budget = RetryBudget::new(100, 0, Duration::from_secs(60)).unwrap();
    let hedge = policy(AnyError, &budget);
    let held = Arc::new(());
    for cut in (5..120).step_by(10) {
        let made = Mutex::new(0);
        let call = hedge.call(Idempotent, |_| {
            *made.lock() += 1;
            let held = Arc::clone(&held);
            async move {
                tokio::time::sleep(100 * MS).await;
                drop(held);
                Ok::<_, ()>(())
            }
        });
        let before = budget.snapshot().withdrawn;
        tokio::time::timeout(cut * MS, call).await.ok();
        assert_eq!(Arc::strong_count(&held), 1, "both are dropped");
        let (made, withdrawn) = (made.into_inner(), budget.snapshot().withdrawn - before);
        assert_eq!((made, withdrawn), if cut < 50 { (1, 0) } else { (2, 1) }, "at {cut} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn the_percentile_does_not_sink_with_the_hedges() {
    let delay = HedgeDelay::Percentile {
        percentile: 90.0,
        at_least: 5 * MS,
        minimum_calls: 20,
    };
    let budget = RetryBudget::new(1_000, 0, Duration::from_secs(60)).unwrap();
    let hedge = HedgePolicy::new(AnyError, delay, budget.clone()).build().unwrap();
    assert_eq!(hedge.delay(), None, "nothing is known yet");
    // Every 8th call is slow, and its second attempt is not.
    for number in 1..=400 {
        let slow = if number % 8 == 0 { 200 } else { 10 + number % 8 };
        let (result, ..) = hedged(&hedge, Idempotent.into(), [(slow, true), (10, true)]).await;
        assert!(result.is_ok());
    }
    let delay = hedge.delay().unwrap();
    assert!(delay > 25 * MS, "the slow eighth has the 90th percentile: {delay:?}");
    let hedges = budget.snapshot().withdrawn;
    assert!((30..60).contains(&hedges), "an eighth, and not ever more: {hedges}");
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(hedge.delay(), None);
    for _ in 0..20 {
        let (result, ..) = hedged(&hedge, Idempotent.into(), [(1, true), (1, true)]).await;
        assert!(result.is_ok());
    }
    assert_eq!(hedge.delay(), Some(5 * MS));
}

#[test]
fn figures_that_make_no_sense_are_refused() {
    let build = |delay| {
        HedgePolicy::new(AnyError, delay, RetryBudget::default())
            .build()
            .map(drop)
    };
    for percentile in [0.0, 100.0, -1.0, f64::NAN, f64::INFINITY] {
        let delay = HedgeDelay::Percentile {
            percentile,
            at_least: Duration::ZERO,
            minimum_calls: 0,
        };
        let error = build(delay).unwrap_err().to_string();
        assert!(error.starts_with("percentile is "), "{error}");
    }
    assert_eq!(build(HedgeDelay::After(Duration::ZERO)), Err(InvalidHedge::Delay));
}

/// When calls began and when second attempts did, in ms.
async fn storm(percent: u32, expiry: u64, calls: &[(u32, u32)]) -> (Vec<u128>, Vec<u128>) {
    let budget = RetryBudget::new(percent, 0, Duration::from_secs(expiry)).unwrap();
    let (hedge, began) = (policy(AnyError, &budget), Instant::now());
    let (deposits, hedges) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let calls = calls.iter().map(|&(at, took)| {
        let (hedge, deposits, hedges) = (&hedge, &deposits, &hedges);
        async move {
            tokio::time::sleep_until(began + at * MS).await;
            deposits.lock().push(began.elapsed().as_millis());
            let call = hedge.call(Idempotent, |attempt| {
                if attempt.number() == 2 {
                    hedges.lock().push(began.elapsed().as_millis());
                }
                async move {
                    tokio::time::sleep(took * MS).await;
                    Ok::<_, ()>(())
                }
            });
            call.await
        }
    });
    join_all(calls).await;
    assert_eq!(budget.snapshot().withdrawn as usize, hedges.lock().len());
    let (mut deposits, mut hedges) = (deposits.into_inner(), hedges.into_inner());
    deposits.sort_unstable();
    hedges.sort_unstable();
    (deposits, hedges)
}

proptest! {
    #[test]
    fn hedges_never_exceed_the_budget(
        percent in 1..150u32,
        expiry in 1..5u64,
        calls in prop::collection::vec((0..8_000u32, 0..400u32), 1..120),
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let (deposits, hedges) = runtime.block_on(storm(percent, expiry, &calls));
        let slow = calls.iter().filter(|(_, took)| *took > 50).count();
        prop_assert!(hedges.len() <= slow);
        // In no stretch of time are there more than what counts in it was deposited for.
        for (index, from) in hedges.iter().enumerate() {
            for (more, to) in hedges[index..].iter().enumerate() {
                let counting = deposits.iter().filter(|at| **at + u128::from(expiry) * 1_000 > *from && *at <= to);
                prop_assert!((more + 1) * 100 <= counting.count() * percent as usize);
            }
        }
    }
}
