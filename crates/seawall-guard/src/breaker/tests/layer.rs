use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use axum::{Router, routing};
use http::{Request, Response, StatusCode};
use tokio::time::advance;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

use super::{SECOND, breaker, opened, two_in_a_row};
use crate::breaker::{BreakerLayer, Outcome, State};
use crate::problem::ProblemLayer;

#[tokio::test]
async fn it_waits_for_and_calls_the_ready_instance() {
    let breaker = breaker(two_in_a_row());
    crate::probe::holds_the_contract(BreakerLayer::new(breaker.clone())).await;
    let totals = breaker.snapshot().totals;
    assert_eq!((totals.successes, totals.failures), (2, 1));
}

/// The same while probes are asked.
#[tokio::test(start_paused = true)]
async fn it_waits_for_and_calls_the_ready_instance_half_open() {
    let breaker = opened(two_in_a_row().half_open_permits(3));
    advance(10 * SECOND).await;
    crate::probe::holds_the_contract(BreakerLayer::new(breaker.clone())).await;
    assert_eq!(breaker.state(), State::Open, "one of the three was an error");
}

fn request(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

async fn text(response: Response<Body>) -> String {
    let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_broken_service_is_not_called_and_the_answer_says_until_when() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let breaker = breaker(two_in_a_row());
    let broken = move || async move {
        counted.fetch_add(1, Ordering::SeqCst);
        StatusCode::BAD_GATEWAY
    };
    let app: Router = Router::new()
        .route("/", routing::get(broken))
        .layer(BreakerLayer::new(breaker))
        .layer(ProblemLayer);
    for _ in 0..2 {
        app.clone().oneshot(request("/")).await.unwrap();
    }
    advance(SECOND / 2).await;
    let response = app.oneshot(request("/")).await.unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "10", "9.5 s, rounded up");
    let text = text(response).await;
    insta::assert_snapshot!(text, @r#"{"type":"/problems/circuit-open","title":"Circuit open","status":503,"detail":"A dependency keeps failing and is given time to recover.","instance":"/","code":"circuit-open","dependency":"api"}"#);
}

#[tokio::test(start_paused = true)]
async fn where_the_time_is_not_known_no_retry_after_is_made_up() {
    let breaker = breaker(two_in_a_row());
    breaker.force_open();
    let service = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let response = BreakerLayer::new(breaker)
        .layer(service)
        .oneshot(request("/"))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(!response.headers().contains_key("retry-after"));
}

#[tokio::test(start_paused = true)]
async fn a_function_may_say_what_is_a_failure() {
    let breaker = breaker(two_in_a_row());
    let teapots = |result: &Result<Response<Body>, Infallible>| match result {
        Ok(response) if response.status() == StatusCode::IM_A_TEAPOT => Outcome::FAILURE,
        _ => Outcome::Success,
    };
    let service = service_fn(|_: Request<Body>| async {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::IM_A_TEAPOT;
        Ok::<_, Infallible>(response)
    });
    let service = BreakerLayer::new(breaker.clone()).with_classify(teapots).layer(service);
    for _ in 0..2 {
        service.clone().oneshot(request("/")).await.unwrap();
    }
    assert_eq!(breaker.state(), State::Open);
}

/// Never ready, and never to be called.
#[derive(Clone)]
struct Hangs;

impl Service<Request<Body>> for Hangs {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        panic!("called without having been made ready");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_never_ready_is_not_waited_for_while_calls_are_refused() {
    let breaker = opened(two_in_a_row());
    let mut service = BreakerLayer::new(breaker.clone()).layer(Hangs);
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_ready());
    // Its time is over between the two: the inner service is not ready, and is not called.
    advance(10 * SECOND).await;
    let response = service.call(request("/")).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        service.poll_ready(&mut context).is_pending(),
        "a probe would wait for it"
    );
    assert_eq!(breaker.snapshot().totals.rejected, 1);
}
