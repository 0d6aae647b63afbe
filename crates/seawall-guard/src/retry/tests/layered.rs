use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use parking_lot::Mutex;
use tokio::time::Instant;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

use super::*;
use crate::deadline::Deadline;
use crate::problem::{Problem, kinds};
use crate::retry_budget::RetryBudget;
use crate::timeout::TimedOut;

#[tokio::test(start_paused = true)]
async fn it_waits_for_and_calls_the_ready_instance() {
    // Its errors are repeated, so the instance of the repeats is held to the same.
    let retry = policy(Transient::default()).build().unwrap();
    let budget = retry.policy.budget.clone().unwrap();
    crate::probe::holds_the_contract(RetryLayer::new(retry)).await;
    assert_eq!(budget.snapshot().withdrawn, 4);
}

/// Answers one after the other, 10 ms each, and what was asked.
#[derive(Clone, Default)]
struct Other {
    answers: Arc<Mutex<VecDeque<Response<Bytes>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Other {
    fn answering(answers: impl IntoIterator<Item = Response<Bytes>>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            asked: Arc::default(),
        }
    }

    fn service<B: std::fmt::Debug>(
        &self,
    ) -> impl Service<Request<B>, Response = Response<Bytes>, Error = TimedOut, Future: Send> + Clone + use<B> {
        let other = self.clone();
        service_fn(move |request: Request<B>| {
            let other = other.clone();
            other
                .asked
                .lock()
                .push(format!("{} {:?}", request.method(), request.body()));
            async move {
                tokio::time::sleep(10 * MS).await;
                let next = other.answers.lock().pop_front();
                Ok(next.unwrap_or_else(|| Response::new(Bytes::new())))
            }
        })
    }
}

fn status(status: u16) -> Response<Bytes> {
    Response::builder()
        .status(status)
        .body(Bytes::from(format!("{status}")))
        .unwrap()
}

fn asking(seconds: &str) -> Response<Bytes> {
    let mut response = status(503);
    response.headers_mut().insert("retry-after", seconds.parse().unwrap());
    response
}

/// The status, the report, and after how many ms.
async fn send<B>(other: &Other, retry: &Retry<Transient>, request: Request<B>) -> (u16, Option<(u32, End)>, u128)
where
    B: RepeatBody + std::fmt::Debug,
{
    let began = Instant::now();
    let service = RetryLayer::new(retry.clone()).layer(other.service());
    let response = service.oneshot(request).await.unwrap();
    let report = response.extensions().get::<Report>();
    let report = report.map(|report| (report.attempts, report.end));
    (response.status().as_u16(), report, began.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn a_request_is_sent_again_as_it_was() {
    let other = Other::answering([status(503), status(429), status(200)]);
    let retry = policy(Transient::default()).build().unwrap();
    let request = || Request::put("/").body(Full::new(Bytes::from_static(b"body"))).unwrap();
    let seen = send(&other, &retry, request()).await;
    assert_eq!(seen, (200, Some((3, End::Accepted)), 330));
    let first = other.asked.lock()[0].clone();
    assert!(first.contains("body") && other.asked.lock().iter().all(|asked| *asked == first));
    assert_eq!(
        send(&other, &retry, request()).await,
        (200, None, 10),
        "the first was accepted"
    );
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_repeated_is_sent_once() {
    let retry = policy(Transient::default()).build().unwrap();
    let chunks = || Body::from_stream(futures_util::stream::iter([Ok::<_, std::io::Error>("a")]));
    let once = (503, Some((1, End::NotRepeatable)), 10);
    for (method, marked, body, expected) in [
        (Method::POST, false, Body::empty(), once),
        (Method::POST, true, Body::empty(), (200, Some((2, End::Accepted)), 120)),
        (Method::PUT, false, Body::empty(), (200, Some((2, End::Accepted)), 120)),
        (Method::PUT, true, chunks(), once),
        (Method::PUT, true, Body::from("text"), once),
    ] {
        let other = Other::answering([status(503)]);
        let mut request = Request::builder().method(method).body(body).unwrap();
        if marked {
            request.extensions_mut().insert(Idempotent);
        }
        assert_eq!(send(&other, &retry, request).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_other_sides_wish_is_waited_for_if_there_is_time() {
    let retry = policy(Transient::default()).build().unwrap();
    let date = "Sun, 06 Nov 1994 08:49:57 GMT";
    let mut dated = asking(date);
    let now = "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap();
    dated.headers_mut().insert("date", now);
    for (answer, left, expected) in [
        (asking("7"), None, (200, Some((2, End::Accepted)), 7_020)),
        (dated, None, (200, Some((2, End::Accepted)), 20_020)),
        (asking("7"), Some(8_000), (200, Some((2, End::Accepted)), 7_020)),
        (asking("7"), Some(7_000), (503, Some((1, End::Deadline)), 10)),
        (asking("61"), None, (503, Some((1, End::AskedTooLong)), 10)),
        (asking("0"), None, (200, Some((2, End::Accepted)), 120)),
    ] {
        let mut request = Request::new(());
        if let Some(left) = left {
            request.extensions_mut().insert(Deadline::after(left * MS));
        }
        assert_eq!(send(&Other::answering([answer]), &retry, request).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_inside_ends_it() {
    let retry = policy(Transient::default()).build().unwrap();
    let open = Problem::new(&kinds::CIRCUIT_OPEN).into_http::<Bytes>();
    let seen = send(&Other::answering([status(500), open]), &retry, Request::new(())).await;
    assert_eq!(seen, (503, Some((2, End::BreakerOpen)), 120));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_outlasts_the_limit_is_an_error() {
    let retry = policy(Transient::default()).with_limit(125 * MS).build().unwrap();
    let (began, other) = (Instant::now(), Other::answering([status(502), status(200)]));
    let service = RetryLayer::new(retry).layer(other.service());
    let seen = service.oneshot(Request::new(())).await;
    assert_eq!(seen.unwrap().status(), 200, "the second ends at 120 ms");
    let retry = policy(Transient::default()).with_limit(115 * MS).build().unwrap();
    other.answers.lock().extend([status(502)]);
    let service = RetryLayer::new(retry).layer(other.service());
    assert_eq!(service.oneshot(Request::new(())).await.err(), Some(TimedOut::Deadline));
    assert_eq!(began.elapsed().as_millis(), 120 + 115);
}

/// Fails, and is never ready again.
#[derive(Clone, Default)]
struct OnceReady {
    called: bool,
}

impl Service<Request<()>> for OnceReady {
    type Response = Response<Bytes>;
    type Error = TimedOut;
    type Future = std::future::Ready<Result<Response<Bytes>, TimedOut>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TimedOut>> {
        if self.called {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        self.called = true;
        std::future::ready(Ok(status(503)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_ready_again_leaves_the_answer_at_hand() {
    let budget = RetryBudget::default();
    let retry = policy(Transient::default())
        .with_limit(500 * MS)
        .with_budget(budget.clone());
    let service = RetryLayer::new(retry.build().unwrap()).layer(OnceReady::default());
    let began = Instant::now();
    let response = service.oneshot(Request::new(())).await.unwrap();
    let report = Report {
        attempts: 1,
        end: End::Deadline,
    };
    assert_eq!(
        (response.status().as_u16(), response.extensions().get()),
        (503, Some(&report))
    );
    assert_eq!((began.elapsed().as_millis(), budget.snapshot().withdrawn), (500, 0));
}

#[tokio::test(start_paused = true)]
async fn it_can_be_dropped_at_any_time() {
    let budget = RetryBudget::new(1_000, 0, Duration::from_secs(60)).unwrap();
    let retry = policy(Transient::default())
        .with_budget(budget.clone())
        .build()
        .unwrap();
    let other = Other::default();
    // 5 ms after each of: begin, attempts, waits, end.
    for cut in (5..1_200).step_by(10) {
        *other.answers.lock() = (0..5).map(|_| status(503)).collect();
        other.asked.lock().clear();
        let before = budget.snapshot();
        let service = RetryLayer::new(retry.clone()).layer(other.service());
        tokio::time::timeout(cut * MS, service.oneshot(Request::new(())))
            .await
            .ok();
        let repeats = other.asked.lock().len() as u64 - 1;
        assert_eq!(budget.snapshot().withdrawn - before.withdrawn, repeats, "at {cut} ms");
        assert_eq!(Arc::strong_count(&other.asked), 1, "what was under way is dropped");
    }
    assert!(budget.snapshot().withdrawn > 200 && budget.snapshot().returned > 50);
}
