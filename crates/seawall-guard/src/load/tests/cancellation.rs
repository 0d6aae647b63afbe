//! Dropped at every await, a call leaves nothing behind.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::load::{Acquire, Claim, Limiter, LoadConfig, Permit, PrincipalKey, Priority, Rejected};

fn limiter() -> Limiter {
    let config = LoadConfig::builder().limits(1, 1, 1).queue(2, Duration::from_secs(1));
    Limiter::new("tested", config.build().unwrap())
}

fn claim(name: &str) -> Claim {
    Claim::new(Priority::Interactive, PrincipalKey::of(name))
}

fn poll(acquire: &mut Acquire) -> Poll<Result<Permit, Rejected>> {
    Pin::new(acquire).poll(&mut Context::from_waker(Waker::noop()))
}

/// Under way, waiting, principals.
fn counts(limiter: &Limiter) -> (u32, usize, usize) {
    let seen = limiter.snapshot();
    (seen.in_flight.iter().sum(), seen.waiting.iter().sum(), seen.principals)
}

#[tokio::test(start_paused = true)]
async fn before_it_waits_while_it_waits_and_when_its_turn_has_come() {
    let limiter = limiter();
    let held = limiter.try_acquire(claim("ada")).unwrap();
    drop(limiter.acquire(claim("bob")));
    assert_eq!(counts(&limiter), (1, 0, 1), "it was never polled");
    let (mut first, mut second) = (limiter.acquire(claim("bob")), limiter.acquire(claim("cy")));
    assert!(poll(&mut first).is_pending() && poll(&mut second).is_pending());
    assert_eq!(counts(&limiter), (1, 2, 3));
    // It is the first one's turn, which does not live to hear of it: so it is the second one's.
    drop(held);
    assert_eq!(counts(&limiter), (1, 1, 2));
    drop(first);
    assert_eq!(counts(&limiter), (1, 0, 1));
    let Poll::Ready(Ok(permit)) = poll(&mut second) else {
        panic!("it is its turn");
    };
    drop(permit);
    assert_eq!(counts(&limiter), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn one_that_was_displaced_and_never_heard_of_it() {
    let limiter = limiter();
    let _held = limiter.try_acquire(claim("ada")).unwrap();
    let mut greedy = [limiter.acquire(claim("ada")), limiter.acquire(claim("ada"))];
    assert!(greedy.iter_mut().all(|one| poll(one).is_pending()));
    let mut modest = limiter.acquire(claim("bob"));
    assert!(poll(&mut modest).is_pending());
    assert_eq!(counts(&limiter), (1, 2, 2));
    let [mut first, last] = greedy;
    assert!(poll(&mut first).is_pending(), "the last of them goes first");
    drop(last);
    assert_eq!(counts(&limiter), (1, 2, 2));
    drop((first, modest));
    assert_eq!(counts(&limiter), (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_comes_with_the_end_of_the_wait_is_taken() {
    let limiter = limiter();
    let held = limiter.try_acquire(claim("ada")).unwrap();
    let mut acquire = limiter.acquire(claim("bob"));
    assert!(poll(&mut acquire).is_pending());
    tokio::time::advance(Duration::from_secs(1)).await;
    drop(held);
    assert!(matches!(poll(&mut acquire), Poll::Ready(Ok(_))));
}

#[test]
fn threads_that_come_and_go_leave_it_as_it_was() {
    let config = LoadConfig::builder().limits(2, 3, 3).queue(16, Duration::from_secs(60));
    let limiter = Limiter::new("tested", config.build().unwrap());
    let threads: Vec<_> = (0..4_u32)
        .map(|thread| {
            let limiter = limiter.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
                runtime.unwrap().block_on(work(&limiter, thread));
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(counts(&limiter), (0, 0, 0));
}

async fn work(limiter: &Limiter, thread: u32) {
    for round in 0..300_u32 {
        let calls = (0..4_u32).map(|number| async move {
            let priority = Priority::ALL[(number % 2) as usize];
            let claim = Claim::new(priority, PrincipalKey::of((thread + round) % 3));
            let mut acquire = limiter.acquire(claim);
            // Some are dropped where they stand.
            if (round + number) % 3 == 0 {
                drop(poll(&mut acquire));
            } else if let Ok(_permit) = acquire.await {
                assert!(limiter.snapshot().in_flight.iter().sum::<u32>() <= 3);
                tokio::task::yield_now().await;
            }
        });
        futures_util::future::join_all(calls).await;
    }
}
