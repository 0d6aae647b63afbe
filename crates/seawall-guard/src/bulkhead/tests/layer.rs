use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::{Router, routing};
use http::{Request, Response};
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::bulkhead::{Bulkhead, BulkheadConfig, BulkheadLayer};

fn bulkhead(places: usize) -> Bulkhead {
    let config = BulkheadConfig::new(1).unwrap();
    let config = match places {
        0 => Ok(config),
        _ => config.with_queue(places, Duration::from_secs(2)),
    };
    Bulkhead::new("reports", config.unwrap())
}

/// Answers when it is let go.
fn app(bulkhead: &Bulkhead, go: &Arc<Notify>) -> Router {
    let go = Arc::clone(go);
    let handler = move || {
        let go = Arc::clone(&go);
        async move { go.notified().await }
    };
    Router::new()
        .route("/", routing::get(handler))
        .layer(BulkheadLayer::new(bulkhead.clone()))
}

async fn get(app: Router) -> Response<Body> {
    app.oneshot(Request::get("/").body(Body::empty()).unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn it_waits_for_and_calls_the_ready_instance() {
    crate::probe::holds_the_contract(BulkheadLayer::new(bulkhead(0))).await;
    let bulkhead = bulkhead(1);
    crate::probe::holds_the_contract(BulkheadLayer::new(bulkhead.clone())).await;
    assert_eq!(bulkhead.snapshot().in_use, 0);
}

#[tokio::test(start_paused = true)]
async fn one_is_inside_one_waits_and_the_third_is_told_when_to_come() {
    let (bulkhead, go) = (bulkhead(1), Arc::new(Notify::new()));
    let app = app(&bulkhead, &go);
    let calls = async {
        let (first, second, third) = tokio::join!(get(app.clone()), get(app.clone()), async {
            let third = get(app.clone()).await;
            let seen = bulkhead.snapshot();
            assert_eq!((seen.in_use, seen.waiting), (1, 1));
            go.notify_one();
            tokio::task::yield_now().await;
            go.notify_one();
            third
        });
        [first, second, third]
    };
    let [first, second, third] = calls.await;
    assert_eq!([first.status().as_u16(), second.status().as_u16()], [200, 200]);
    assert_eq!(
        (third.status().as_u16(), &third.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    let body = axum::body::to_bytes(third.into_body(), 1000).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(
        body.contains(r#""code":"overloaded""#) && body.contains(r#""dependency":"reports""#),
        "{body}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_vain_is_refused_and_the_inner_service_never_sees_it() {
    let (bulkhead, go) = (bulkhead(1), Arc::new(Notify::new()));
    let _held = bulkhead.try_acquire().unwrap();
    let began = tokio::time::Instant::now();
    let response = get(app(&bulkhead, &go)).await;
    assert_eq!((response.status().as_u16(), began.elapsed().as_secs()), (503, 2));
    assert_eq!(bulkhead.snapshot().totals.late, 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_queue_it_is_refused_at_once() {
    let (bulkhead, go) = (bulkhead(0), Arc::new(Notify::new()));
    let held = bulkhead.try_acquire().unwrap();
    assert_eq!(get(app(&bulkhead, &go)).await.status(), 503);
    drop(held);
    go.notify_one();
    assert_eq!(get(app(&bulkhead, &go)).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_gives_back_what_it_had() {
    let (bulkhead, go) = (bulkhead(1), Arc::new(Notify::new()));
    let app = app(&bulkhead, &go);
    let both = async { tokio::join!(get(app.clone()), get(app.clone())) };
    assert!(tokio::time::timeout(Duration::from_secs(1), both).await.is_err());
    let seen = bulkhead.snapshot();
    assert_eq!((seen.in_use, seen.waiting), (0, 0));
}
