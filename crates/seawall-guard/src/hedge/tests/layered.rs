use std::future::pending;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Method, Request, Response};
use http_body_util::Full;
use parking_lot::Mutex;
use tokio::time::Instant;
use tower::{Layer as _, Service, ServiceExt as _};

use super::*;
use crate::deadline::Deadline;
use crate::retry::{RepeatBody, Transient};

#[tokio::test(start_paused = true)]
async fn it_waits_for_and_calls_the_ready_instance() {
    let hedge = policy(Transient::default(), &RetryBudget::default());
    crate::probe::holds_the_contract(HedgeLayer::new(hedge)).await;
}

/// What the other side does with one request after the other.
#[derive(Clone, Copy)]
enum Does {
    Answer(u32, u16),
    Hang,
}

/// A clone is ready so many ms after it was first asked, and may only be called when it is.
struct Other {
    does: Arc<Mutex<Vec<Does>>>,
    asked: Arc<Mutex<Vec<String>>>,
    slow_to_be_ready: u32,
    is_first: bool,
    ready: Option<BoxFuture<'static, ()>>,
    is_ready: bool,
}

impl Other {
    fn new(does: &[Does], slow_to_be_ready: u32) -> Self {
        Self {
            does: Arc::new(Mutex::new(does.iter().rev().copied().collect())),
            asked: Arc::default(),
            slow_to_be_ready,
            is_first: true,
            ready: None,
            is_ready: false,
        }
    }
}

impl Clone for Other {
    fn clone(&self) -> Self {
        Self {
            does: Arc::clone(&self.does),
            asked: Arc::clone(&self.asked),
            slow_to_be_ready: self.slow_to_be_ready,
            is_first: false,
            ready: None,
            is_ready: false,
        }
    }
}

impl<B: std::fmt::Debug> Service<Request<B>> for Other {
    type Response = Response<Bytes>;
    type Error = ();
    type Future = BoxFuture<'static, Result<Response<Bytes>, ()>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ()>> {
        if !self.is_first {
            let wait = self.slow_to_be_ready;
            let ready = self
                .ready
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(wait * MS)));
            std::task::ready!(ready.as_mut().poll(cx));
            self.ready = None;
        }
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        assert!(
            std::mem::take(&mut self.is_ready),
            "called without having been made ready"
        );
        self.asked
            .lock()
            .push(format!("{} {:?}", request.method(), request.body()));
        let does = self.does.lock().pop().unwrap();
        Box::pin(async move {
            let Does::Answer(took, status) = does else {
                return pending().await;
            };
            tokio::time::sleep(took * MS).await;
            Ok(Response::builder().status(status).body(Bytes::new()).unwrap())
        })
    }
}

/// The status, the end if it is told, after how many ms.
async fn send<B>(other: &Other, budget: &RetryBudget, request: Request<B>) -> (u16, Option<HedgeEnd>, u128)
where
    B: RepeatBody + std::fmt::Debug + Send + 'static,
{
    let began = Instant::now();
    let first = Other {
        is_first: true,
        ..other.clone()
    };
    let service = HedgeLayer::new(policy(Transient::default(), budget)).layer(first);
    let response = service.oneshot(request).await.unwrap();
    let end = response.extensions().get::<HedgeEnd>().copied();
    (response.status().as_u16(), end, began.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn a_slow_request_is_sent_again_as_it_was() {
    let budget = RetryBudget::default();
    for (does, ready_after, expected) in [
        (
            [Does::Hang, Does::Answer(20, 200)],
            0,
            (200, Some(HedgeEnd::Second), 71),
        ),
        (
            [Does::Hang, Does::Answer(20, 200)],
            30,
            (200, Some(HedgeEnd::Second), 100),
        ),
        ([Does::Answer(20, 200), Does::Hang], 0, (200, None, 20)),
        ([Does::Answer(90, 200), Does::Hang], 0, (200, Some(HedgeEnd::First), 90)),
        // What may pass is no result while the other is under way.
        (
            [Does::Answer(60, 503), Does::Answer(50, 200)],
            0,
            (200, Some(HedgeEnd::Second), 101),
        ),
        (
            [Does::Answer(60, 503), Does::Answer(50, 500)],
            0,
            (503, Some(HedgeEnd::First), 101),
        ),
        ([Does::Answer(60, 404), Does::Hang], 0, (404, Some(HedgeEnd::First), 60)),
    ] {
        let other = Other::new(&does, ready_after);
        let body = Full::new(Bytes::from_static(b"body"));
        let seen = send(&other, &budget, Request::put("/").body(body).unwrap()).await;
        // A timer of no time is one millisecond late.
        assert!(
            seen == expected || (seen.0, seen.1, seen.2 + 1) == expected,
            "{seen:?} {expected:?}"
        );
        let asked = other.asked.lock();
        assert!(asked[0].contains("body") && asked.iter().all(|other| *other == asked[0]));
    }
    assert_eq!((budget.snapshot().withdrawn, budget.snapshot().returned), (6, 0));
}

#[tokio::test(start_paused = true)]
async fn a_second_attempt_that_is_not_sent_costs_nothing() {
    let budget = RetryBudget::default();
    // The second instance is ready at 150 ms only.
    let other = Other::new(&[Does::Answer(120, 200)], 100);
    assert_eq!(send(&other, &budget, Request::new(())).await, (200, None, 120));
    assert_eq!((budget.snapshot().withdrawn, budget.snapshot().returned), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn it_can_be_dropped_at_any_time() {
    let budget = RetryBudget::default();
    // The second attempt is due at 50 ms, and sent when its instance is ready, at 80 ms.
    for cut in (5..120).step_by(10) {
        let other = Other::new(&[Does::Hang, Does::Hang], 30);
        let before = budget.snapshot();
        let sent = send(&other, &budget, Request::new(()));
        assert!(tokio::time::timeout(cut * MS, sent).await.is_err());
        let (after, asked) = (budget.snapshot(), other.asked.lock().len());
        let seen = (
            asked,
            after.withdrawn - before.withdrawn,
            after.returned - before.returned,
        );
        let expected = match cut {
            ..50 => (1, 0, 0),
            50..80 => (1, 0, 1),
            _ => (2, 1, 0),
        };
        assert_eq!(seen, expected, "at {cut} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_sent_twice_is_sent_once() {
    let budget = RetryBudget::default();
    let chunks = Body::from_stream(futures_util::stream::iter([Ok::<_, std::io::Error>("a")]));
    let mut late = Request::new(Body::empty());
    late.extensions_mut().insert(Deadline::after(40 * MS));
    let post = Request::builder().method(Method::POST);
    for request in [
        post.body(Body::empty()).unwrap(),
        Request::put("/").body(chunks).unwrap(),
        late,
    ] {
        let other = Other::new(&[Does::Answer(300, 200)], 0);
        assert_eq!(send(&other, &budget, request).await, (200, None, 300));
    }
    assert_eq!(budget.snapshot().withdrawn, 0);
}
