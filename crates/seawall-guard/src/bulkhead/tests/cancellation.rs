//! Dropped at every await, a call leaves nothing behind.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_util::poll;

use crate::bulkhead::{Bulkhead, BulkheadConfig};

fn bulkhead() -> Bulkhead {
    let config = BulkheadConfig::new(1).unwrap().with_queue(2, Duration::from_secs(1));
    Bulkhead::new("tested", config.unwrap())
}

fn counts(bulkhead: &Bulkhead) -> (usize, usize) {
    let seen = bulkhead.snapshot();
    (seen.in_use, seen.waiting)
}

#[tokio::test(start_paused = true)]
async fn before_it_waits_while_it_waits_and_when_its_turn_has_come() {
    let bulkhead = bulkhead();
    let held = bulkhead.try_acquire().unwrap();
    drop(bulkhead.acquire());
    assert_eq!(counts(&bulkhead), (1, 0), "it was never polled");
    let (mut first, mut second) = (bulkhead.acquire(), bulkhead.acquire());
    assert!(super::poll(&mut first).is_pending() && super::poll(&mut second).is_pending());
    assert_eq!(counts(&bulkhead), (1, 2));
    // The permit is given to the first, which does not live to hear of it: it goes to the second.
    drop(held);
    drop(first);
    let Poll::Ready(Ok(permit)) = super::poll(&mut second) else {
        panic!("it is its turn");
    };
    assert_eq!(counts(&bulkhead), (1, 0));
    drop(permit);
    assert_eq!(counts(&bulkhead), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_is_given_up_with_what_it_does() {
    let bulkhead = bulkhead();
    {
        let mut call = pin!(bulkhead.call(std::future::pending::<Result<(), ()>>()));
        assert!(poll!(&mut call).is_pending());
        assert_eq!(counts(&bulkhead), (1, 0));
    }
    assert_eq!(counts(&bulkhead), (0, 0));
}

#[tokio::test]
async fn threads_that_come_and_go_leave_it_as_it_was() {
    let config = BulkheadConfig::new(3).unwrap().with_queue(64, Duration::from_secs(60));
    let (bulkhead, inside) = (Bulkhead::new("tested", config.unwrap()), Arc::new(AtomicUsize::new(0)));
    let threads = (0..4).map(|_| {
        let (bulkhead, inside) = (bulkhead.clone(), Arc::clone(&inside));
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            runtime.unwrap().block_on(async {
                for round in 0..500 {
                    let calls = (0..4).map(|number| {
                        let (bulkhead, inside) = (&bulkhead, &inside);
                        async move {
                            let call = bulkhead.call(async {
                                assert!(inside.fetch_add(1, Ordering::SeqCst) < 3);
                                tokio::task::yield_now().await;
                                inside.fetch_sub(1, Ordering::SeqCst);
                                Ok::<_, ()>(())
                            });
                            // Some are dropped where they stand.
                            match (round + number) % 3 {
                                0 => drop(poll!(pin!(bulkhead.acquire()))),
                                _ => call.await.unwrap(),
                            }
                        }
                    });
                    futures_util::future::join_all(calls).await;
                }
            });
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    assert_eq!(counts(&bulkhead), (0, 0));
}
