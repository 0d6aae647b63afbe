//! Whoever calls may give up at any await. Each future here waits so many times, and is dropped after each of them.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use http::{Request, Response};
use tokio::time::advance;
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

use super::{SECOND, breaker, opened, two_in_a_row, under_way};
use crate::breaker::{Breaker, BreakerLayer, CallError, State};

const AWAITS: usize = 4;

async fn waits() -> Result<Response<Body>, &'static str> {
    for _ in 0..AWAITS {
        let mut waited = false;
        poll_fn(|context| {
            context.waker().wake_by_ref();
            match std::mem::replace(&mut waited, true) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }
    Ok(Response::new(Body::empty()))
}

/// Polls it so often, then drops it.
fn give_up_after<F: Future>(polls: usize, future: F) {
    let mut future = pin!(future);
    for _ in 0..polls {
        assert!(
            future
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
    }
}

fn layered(breaker: &Breaker) -> impl Future<Output = Result<Response<Body>, &'static str>> + use<> {
    let service = service_fn(|_: Request<Body>| waits());
    let request = Request::new(Body::empty());
    BreakerLayer::new(breaker.clone()).layer(service).oneshot(request)
}

fn nothing_is_left(breaker: &Breaker, given_up: u64) {
    let snapshot = breaker.snapshot();
    assert_eq!(snapshot.counts.calls, 0);
    assert_eq!(snapshot.totals.cancelled, given_up);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_at_any_await_counts_nothing() {
    let breaker = breaker(two_in_a_row());
    for polls in 0..=AWAITS {
        give_up_after(polls, breaker.call(waits()));
        give_up_after(polls, layered(&breaker));
    }
    // Never polled, it was never made.
    nothing_is_left(&breaker, 2 * AWAITS as u64);
    assert!(breaker.call(waits()).await.is_ok() && layered(&breaker).await.is_ok());
    assert_eq!(breaker.snapshot().counts.calls, 2);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_given_up_at_any_await_gives_its_permit_back() {
    let breaker = opened(two_in_a_row().half_open_permits(1));
    advance(10 * SECOND).await;
    for polls in 0..=AWAITS {
        give_up_after(polls, breaker.call(waits()));
        give_up_after(polls, layered(&breaker));
        assert_eq!(under_way(&breaker).unwrap_or_default(), 0);
    }
    nothing_is_left(&breaker, 2 * AWAITS as u64);
    assert!(layered(&breaker).await.is_ok());
    assert_eq!(breaker.state(), State::Closed);
}

/// The call of the layer's service, given up before it is polled: the permit was taken with the call.
#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_waits_for_gives_its_permit_back() {
    let breaker = opened(two_in_a_row().half_open_permits(1));
    advance(10 * SECOND).await;
    let mut service = BreakerLayer::new(breaker.clone()).layer(service_fn(|_: Request<Body>| waits()));
    let answer = service.ready().await.unwrap().call(Request::new(Body::empty()));
    assert_eq!(under_way(&breaker), Some(1));
    drop(answer);
    assert_eq!(under_way(&breaker), Some(0));
}

#[tokio::test(start_paused = true)]
async fn what_panics_gives_its_permit_back() {
    let breaker = opened(two_in_a_row().half_open_permits(1));
    advance(10 * SECOND).await;
    let call = breaker.call(async {
        let number: u32 = "none".parse().unwrap();
        Ok::<_, &str>(number)
    });
    let local = tokio::task::LocalSet::new();
    let ended = local.run_until(async { tokio::task::spawn_local(call).await }).await;
    assert!(ended.unwrap_err().is_panic());
    assert_eq!(under_way(&breaker), Some(0));
}

/// The permit comes back when what was called is gone, not before: somebody else may take its place at once.
#[tokio::test(start_paused = true)]
async fn what_is_given_up_is_gone_before_its_permit_comes_back() {
    struct Looks(Breaker);

    impl Drop for Looks {
        fn drop(&mut self) {
            assert_eq!(under_way(&self.0), Some(1));
        }
    }

    let breaker = opened(two_in_a_row().half_open_permits(1));
    advance(10 * SECOND).await;
    let looks = || {
        let looks = Looks(breaker.clone());
        async move {
            waits().await?;
            drop(looks);
            Ok::<_, &str>(())
        }
    };
    give_up_after(1, breaker.call(looks()));
    assert_eq!(under_way(&breaker), Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_call_is_made_or_rejected_and_failed_calls_count() {
    let breaker = breaker(two_in_a_row());
    for _ in 0..2 {
        let failed = breaker.call(async { Err::<(), _>("no") }).await;
        assert_eq!(failed, Err(CallError::Failed("no")));
    }
    let mut made = false;
    let call = async {
        made = true;
        Ok::<_, &str>(())
    };
    let rejected = breaker.call(call).await;
    let Err(CallError::Rejected(rejected)) = rejected else {
        panic!("{rejected:?}");
    };
    assert_eq!(rejected.retry_after, Some(10 * SECOND));
    assert_eq!(rejected.to_string(), "the circuit api is open");
    assert!(!made);
}
