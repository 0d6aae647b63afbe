use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::{Router, routing};
use http::{Request, Response, StatusCode};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::load::{
    Cause, Change, Claim, Limiter, LoadConfig, LoadLayer, Observer, PrincipalKey, Priority, Reason, Rejected,
};

fn limiter(limit: u32, waiting: usize) -> Limiter {
    let config = LoadConfig::builder().limits(1, limit, limit);
    let config = config.queue(waiting, Duration::from_secs(2)).control(1);
    Limiter::new("api", config.build().unwrap())
}

/// The first segment of the path is the priority, the second who it is.
fn triage(request: &Request<Body>) -> Claim {
    let mut parts = request.uri().path().split('/').skip(1);
    let priority = match parts.next() {
        Some("health") => Priority::Control,
        Some("batch") => Priority::Batch,
        _ => Priority::Interactive,
    };
    Claim::new(priority, PrincipalKey::of(parts.next()))
}

/// Answers when it is let go.
fn app(limiter: &Limiter, go: &Arc<Notify>) -> Router {
    let go = Arc::clone(go);
    let handler = move || {
        let go = Arc::clone(&go);
        async move { go.notified().await }
    };
    let layer = LoadLayer::new(limiter.clone()).with_triage(triage);
    Router::new().fallback(routing::get(handler)).layer(layer)
}

async fn get(app: &Router, path: &str) -> Response<Body> {
    let request = Request::get(path).body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn it_waits_for_and_calls_the_ready_instance() {
    let limiter = limiter(1, 1);
    crate::probe::holds_the_contract(LoadLayer::new(limiter.clone())).await;
    crate::probe::holds_the_contract(LoadLayer::new(limiter.clone()).with_triage(triage)).await;
    assert_eq!(limiter.snapshot().in_flight, [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_finds_no_room_waits_and_what_finds_no_place_is_told_when_to_come() {
    let (limiter, go) = (limiter(1, 1), Arc::new(Notify::new()));
    let app = app(&limiter, &go);
    let (first, second, third) = tokio::join!(get(&app, "/i/ada"), get(&app, "/i/ada"), async {
        let third = get(&app, "/i/ada").await;
        assert_eq!(
            (limiter.snapshot().in_flight, limiter.snapshot().waiting),
            ([0, 1, 0], [0, 1, 0])
        );
        go.notify_one();
        tokio::task::yield_now().await;
        go.notify_one();
        third
    });
    assert_eq!([first.status().as_u16(), second.status().as_u16()], [200, 200]);
    assert_eq!(
        (third.status().as_u16(), &third.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    let body = axum::body::to_bytes(third.into_body(), 1000).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(
        body.contains(r#""code":"overloaded""#) && !body.contains("api"),
        "{body}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_has_less_takes_the_place_of_who_has_more() {
    let limiter = limiter(1, 1);
    let layer = LoadLayer::new(limiter.clone()).with_triage(triage);
    let handler = || tokio::time::sleep(Duration::from_secs(1));
    let app = Router::new().fallback(routing::get(handler)).layer(layer);
    let (first, second, third, health) = tokio::join!(
        get(&app, "/i/ada"),
        get(&app, "/i/ada"),
        get(&app, "/i/bob"),
        get(&app, "/health")
    );
    let statuses = [first, second, third, health].map(|response| response.status().as_u16());
    assert_eq!(statuses, [200, 503, 200, 200]);
    let totals = limiter.snapshot().totals;
    assert_eq!((totals.displaced, totals.full, totals.shed), (1, 0, [0, 1, 0]));
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_vain_is_refused_after_its_time() {
    let (limiter, go) = (limiter(1, 1), Arc::new(Notify::new()));
    let _held = limiter.try_acquire(Claim::of(Priority::Interactive)).unwrap();
    let began = tokio::time::Instant::now();
    let response = get(&app(&limiter, &go), "/i/ada").await;
    assert_eq!(
        (response.status(), began.elapsed().as_secs()),
        (StatusCode::SERVICE_UNAVAILABLE, 2)
    );
    assert_eq!(limiter.snapshot().totals.late, 1);
}

#[derive(Default)]
struct Kept {
    changes: Mutex<Vec<(u32, u32, Cause)>>,
    reasons: Mutex<Vec<Reason>>,
}

impl Observer for Kept {
    fn changed(&self, limiter: &Arc<str>, change: &Change) {
        assert_eq!(&**limiter, "api");
        self.changes.lock().push((change.from, change.to, change.cause));
    }

    fn rejected(&self, rejected: &Rejected) {
        self.reasons.lock().push(rejected.reason);
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_is_told_of_limits_and_of_who_is_turned_away() {
    let kept = Arc::new(Kept::default());
    let config = LoadConfig::builder().limits(1, 8, 8).queue(0, Duration::ZERO);
    let limiter = Limiter::observed("api", config.build().unwrap(), Arc::clone(&kept));
    let broken = |status: StatusCode| {
        let app = Router::new().fallback(routing::get(move || async move { status }));
        app.layer(LoadLayer::new(limiter.clone()))
    };
    let wrong = broken(StatusCode::NOT_FOUND);
    let late = broken(StatusCode::GATEWAY_TIMEOUT);
    for app in [&wrong, &late] {
        for _ in 0..4 {
            tokio::time::advance(Duration::from_secs(1)).await;
            get(app, "/").await;
        }
    }
    let halves = [(8, 4), (4, 2), (2, 1)].map(|(from, to)| (from, to, Cause::Overload));
    assert_eq!(*kept.changes.lock(), halves, "a 404 says nothing, a 504 halves");
    let _held = limiter.try_acquire(Claim::of(Priority::Interactive)).unwrap();
    assert!(limiter.try_acquire(Claim::of(Priority::Batch)).is_err());
    assert_eq!(*kept.reasons.lock(), [Reason::Full]);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_outside_is_seen_as_the_overload_that_it_is() {
    let (limiter, go) = (limiter(8, 0), Arc::new(Notify::new()));
    let app = app(&limiter, &go);
    let mut limits = Vec::new();
    for wait in [900, 900, 5000, 5000, 5000] {
        let call = tokio::time::timeout(Duration::from_millis(wait), get(&app, "/i/ada"));
        assert!(call.await.is_err());
        limits.push(limiter.snapshot().limit);
    }
    assert_eq!(limits, [8, 8, 4, 2, 1], "who goes away soon says nothing");
    assert_eq!(limiter.snapshot().in_flight, [0, 0, 0]);
}
