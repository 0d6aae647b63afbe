use std::task::Poll;
use std::time::Duration;

use crate::bulkhead::{Bulkhead, BulkheadConfig, CallError, Reason};

fn bulkhead(places: usize) -> Bulkhead {
    let config = BulkheadConfig::new(2)
        .unwrap()
        .with_queue(places, Duration::from_secs(5));
    Bulkhead::new("tested", config.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_comes_with_the_end_of_the_wait_is_taken() {
    let bulkhead = bulkhead(1);
    let (held, _other) = (bulkhead.try_acquire().unwrap(), bulkhead.try_acquire().unwrap());
    let mut acquire = bulkhead.acquire();
    assert!(super::poll(&mut acquire).is_pending());
    tokio::time::advance(Duration::from_secs(5)).await;
    drop(held);
    assert!(matches!(super::poll(&mut acquire), Poll::Ready(Ok(_))));
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_what_the_queue_takes_at_the_pace_of_the_last_calls() {
    let bulkhead = bulkhead(3);
    // Nothing is known yet.
    let full = |bulkhead: &Bulkhead| bulkhead.try_acquire().unwrap_err().retry_after;
    for _ in 0..2 {
        let permits = [bulkhead.try_acquire().unwrap(), bulkhead.try_acquire().unwrap()];
        assert!(full(&bulkhead) >= Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(3)).await;
        drop(permits);
    }
    let _permits = [bulkhead.try_acquire().unwrap(), bulkhead.try_acquire().unwrap()];
    // It alone: two workers of three seconds have one free after a second and a half.
    assert_eq!(full(&bulkhead), Duration::from_millis(1500));
    let mut waiting = [bulkhead.acquire(), bulkhead.acquire(), bulkhead.acquire()];
    assert!(waiting.iter_mut().all(|one| super::poll(one).is_pending()));
    assert_eq!(full(&bulkhead), Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_refused_is_not_made() {
    let bulkhead = bulkhead(1);
    let _permits = [bulkhead.try_acquire().unwrap(), bulkhead.try_acquire().unwrap()];
    let call = bulkhead.call(async { panic!("it was made") as Result<(), ()> });
    let Err(CallError::Rejected(rejected)) = call.await else {
        panic!("it passed");
    };
    assert_eq!(rejected.reason, Reason::Late);
    assert_eq!(rejected.to_string(), "the bulkhead tested had no permit in time");
    drop(_permits);
    let failed = bulkhead.call(async { Err::<(), _>(7) }).await;
    assert_eq!(failed, Err(CallError::Failed(7)));
}
