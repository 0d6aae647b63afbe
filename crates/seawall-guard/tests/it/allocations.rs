//! Guards do not allocate for a request that they let pass. Divan counts, and says so only in what it prints: so the
//! benchmarks run in a process of their own, whose output is read.

use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use axum::extract::MatchedPath;
use axum::{Extension, Router, routing};
use bytes::Bytes;
use divan::Bencher;
use http::{Request, Response};
use http_body_util::Empty;
use prometheus_client::registry::Registry;
use seawall_guard::anomaly::ErrorRateAnomaly;
use seawall_guard::body_log::{BodyLogLayer, LoggedBody};
use seawall_guard::breaker::{Breaker, BreakerConfig, BreakerLayer, Outcome, Window};
use seawall_guard::bulkhead::{Bulkhead, BulkheadConfig, BulkheadLayer};
use seawall_guard::load::{
    Claim, Limiter as LoadLimiter, LoadConfig, LoadLayer, Outcome as LoadOutcome, PrincipalKey, Priority,
};
use seawall_guard::metrics::HttpMetrics;
use seawall_guard::panic::CatchPanicLayer;
use seawall_guard::problem::{Catalog, Problem, ProblemKind, kinds};
use seawall_guard::profile::ProfileLayer;
use seawall_guard::rate_limit::{
    ByAddress, Charge, Charges, Intent, Limiter, MemoryStore, Policy, Preset, Question, RateLimitLayer, Rule, Together,
};
use seawall_guard::recording::{RecordLayer, Routes};
use seawall_guard::stats::RouteStats;
use tower::{Layer, Service, ServiceExt as _, service_fn};

use crate::alone::run_alone;

static TABLES: &[&[&ProblemKind]] = &[kinds::TABLE];

/// A template as axum's router gives it to requests. Nobody else can make one.
fn matched() -> MatchedPath {
    let handler = |path: MatchedPath| async move { Extension(path) };
    let app: Router = Router::new().route("/things/{id}", routing::get(handler));
    let request = Request::get("/things/1").body(axum::body::Body::empty()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let response = runtime.block_on(app.oneshot(request)).unwrap();
    response.extensions().get::<MatchedPath>().unwrap().clone()
}

/// A service that answers without allocating.
fn answers<B, R>(
    answer: impl Fn(B) -> R + Clone,
) -> impl Service<Request<B>, Response = Response<R>, Error = Infallible> + Clone {
    service_fn(move |request: Request<B>| ready(Ok(Response::new(answer(request.into_body())))))
}

pub(crate) fn count<S, B>(bencher: Bencher<'_, '_>, mut service: S, request: impl Fn() -> Request<B>)
where
    S: Service<Request<B>>,
{
    let mut pass = |request| {
        let mut context = Context::from_waker(Waker::noop());
        assert!(service.poll_ready(&mut context).is_ready());
        assert!(pin!(service.call(request)).poll(&mut context).is_ready());
    };
    // The first of a kind makes its series.
    pass(request());
    bencher.with_inputs(request).bench_local_values(pass);
}

fn recording() -> RecordLayer<(HttpMetrics, RouteStats, ErrorRateAnomaly)> {
    let routes = Routes::new(64);
    let metrics = HttpMetrics::register(&mut Registry::default(), &routes, Catalog::new(TABLES));
    let stats = RouteStats::new(&routes);
    RecordLayer::new(routes, (metrics, stats, ErrorRateAnomaly::new()))
}

#[divan::bench]
fn what_allocates(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| Arc::new(1));
}

fn generous(name: &str) -> Policy {
    Policy::smooth(name, 1_000_000, Duration::from_secs(60)).unwrap()
}

#[divan::bench]
fn limited_under_five_policies(bencher: Bencher<'_, '_>) {
    let limiter = Limiter::new("test", MemoryStore::new());
    let exact = Policy::exact("e", 1000, Duration::from_micros(1000)).unwrap();
    let policies = [
        generous("a"),
        generous("b"),
        generous("c"),
        Policy::preset(Preset::Costly).shadow(),
        exact,
    ];
    let take = || {
        let mut charges = Charges::none();
        for (at, policy) in policies.iter().enumerate() {
            let key = limiter.key(&[at as u8 % 2]);
            assert!(charges.add(Charge { policy, key, cost: 1 }));
        }
        let question = Question {
            guard: "test",
            intent: Intent::Take,
            charges: &charges,
        };
        limiter.store().decide(&question, tokio::time::Instant::now())
    };
    // The first of a key makes its place.
    take();
    bencher.bench_local(take);
}

#[divan::bench]
fn limited_by_a_layer(bencher: Bencher<'_, '_>) {
    let rules = vec![Rule::new(generous("a"), ByAddress), Rule::new(generous("b"), Together)];
    let layer = RateLimitLayer::new(Limiter::new("test", MemoryStore::new()), rules).unwrap();
    let service = layer.without_headers().layer(answers(|()| Bytes::new()));
    count(bencher, service, || Request::new(()));
}

#[divan::bench]
fn recorded(bencher: Bencher<'_, '_>) {
    let matched = matched();
    count(bencher, recording().layer(answers(|()| ())), || {
        Request::get("/things/1").extension(matched.clone()).body(()).unwrap()
    });
}

#[divan::bench]
fn recorded_unmatched(bencher: Bencher<'_, '_>) {
    count(bencher, recording().layer(answers(|()| ())), || {
        Request::builder().method("BREW").uri("/of-ada").body(()).unwrap()
    });
}

#[divan::bench]
fn recorded_rejection(bencher: Bencher<'_, '_>) {
    let response = || Problem::new(&kinds::CONFLICT).into_http::<Bytes>().map(drop);
    // Answers with what the request brought along: a problem is made outside of what is counted.
    let service = service_fn(|request: Request<Response<()>>| ready(Ok::<_, Infallible>(request.into_body())));
    count(bencher, recording().layer(service), || Request::new(response()));
}

#[divan::bench]
fn profile_off(bencher: Bencher<'_, '_>) {
    count(bencher, ProfileLayer::enabled(false).layer(answers(|()| ())), || {
        Request::get("/?profile=1").body(()).unwrap()
    });
}

#[divan::bench]
fn profile_not_asked_for(bencher: Bencher<'_, '_>) {
    count(bencher, ProfileLayer::enabled(true).layer(answers(|()| ())), || {
        Request::get("/?a=b").body(()).unwrap()
    });
}

#[divan::bench]
fn guarded_against_panics(bencher: Bencher<'_, '_>) {
    let service = CatchPanicLayer.layer(answers(|()| Bytes::new()));
    count(bencher, service, || Request::new(()));
}

#[divan::bench]
fn body_log_off(bencher: Bencher<'_, '_>) {
    let service = BodyLogLayer::default().layer(answers(|_: LoggedBody<Empty<Bytes>>| Empty::<Bytes>::new()));
    count(bencher, service, || Request::new(Empty::<Bytes>::new()));
}

fn breaker(window: Window) -> Breaker {
    let builder = BreakerConfig::builder().window(window).minimum_calls(100);
    let slow = Duration::from_secs(3600);
    Breaker::new("api", builder.failure_ratio(1.0).slow_calls(slow, 1.0).build().unwrap())
}

#[divan::bench]
fn breaker_layer(bencher: Bencher<'_, '_>) {
    let layer = BreakerLayer::new(breaker(Window::Calls(100_000)));
    count(bencher, layer.layer(answers(|()| Bytes::new())), || Request::new(()));
}

#[divan::bench]
fn breaker_call(bencher: Bencher<'_, '_>) {
    let breaker = breaker(Window::Calls(100));
    let mut context = Context::from_waker(Waker::noop());
    bencher.bench_local(|| {
        let call = pin!(breaker.call(ready(Ok::<_, ()>(())))).poll(&mut context);
        assert!(call.is_ready());
    });
}

#[divan::bench]
fn breaker_permit(bencher: Bencher<'_, '_>) {
    let length = Duration::from_secs(1);
    let breaker = breaker(Window::Time { length, buckets: 128 });
    bencher.bench_local(|| {
        breaker.try_acquire().unwrap().record(Outcome::FAILURE);
        breaker.try_acquire().unwrap().record(Outcome::Success);
        drop(breaker.try_acquire().unwrap());
    });
}

#[divan::bench]
fn breaker_refusal(bencher: Bencher<'_, '_>) {
    let breaker = breaker(Window::Calls(100));
    breaker.force_open();
    bencher.bench_local(|| breaker.try_acquire().is_err());
}

fn bulkhead() -> Bulkhead {
    let config = BulkheadConfig::new(2).unwrap();
    Bulkhead::new("api", config.with_queue(2, Duration::from_secs(1)).unwrap())
}

fn load_limiter() -> LoadLimiter {
    // A small one: that windows close and the table of principals fills up is among what is counted.
    LoadLimiter::new("api", LoadConfig::builder().limits(1, 2, 4).build().unwrap())
}

#[divan::bench]
fn bulkhead_permit(bencher: Bencher<'_, '_>) {
    let bulkhead = bulkhead();
    bencher.bench_local(|| drop(bulkhead.try_acquire().unwrap()));
}

#[divan::bench]
fn bulkhead_layer(bencher: Bencher<'_, '_>) {
    let layer = BulkheadLayer::new(bulkhead());
    count(bencher, layer.layer(answers(|()| Bytes::new())), || Request::new(()));
}

#[divan::bench]
fn load_permit(bencher: Bencher<'_, '_>) {
    let (limiter, mut number) = (load_limiter(), 0_u64);
    bencher.bench_local(|| {
        number += 1;
        let claim = Claim::new(Priority::Batch, PrincipalKey::of(number));
        limiter.try_acquire(claim).unwrap().record(LoadOutcome::Success);
        drop(limiter.try_acquire(claim).unwrap());
    });
}

#[divan::bench]
fn load_layer(bencher: Bencher<'_, '_>) {
    let layer = LoadLayer::new(load_limiter());
    count(bencher, layer.layer(answers(|()| Bytes::new())), || Request::new(()));
}

#[test]
#[ignore = "the other test runs it in a process of its own"]
fn run_the_benchmarks() {
    divan::Divan::default().sample_count(5).sample_size(200).run_benches();
}

/// The benchmarks that were run, and whether they allocated.
fn measured() -> Vec<(String, bool)> {
    let text = run_alone("allocations::run_the_benchmarks");
    let mut measured: Vec<(String, bool)> = Vec::new();
    for line in text.lines() {
        let bare = line.trim_start_matches(['│', '├', '╰', '─', ' ']);
        let first = bare.split_whitespace().next().unwrap_or_default();
        if line.contains("├─ ") || line.contains("╰─ ") {
            measured.push((first.to_owned(), false));
        } else if let ("alloc:" | "grow:", Some((_, allocates))) = (first, measured.last_mut()) {
            *allocates = true;
        }
    }
    measured
}

#[test]
fn what_passes_is_not_allocated_for() {
    let mut measured = measured();
    measured.sort();
    // What allocates is among them, so that a count that sees nothing is seen.
    let expected = [
        ("allocations", false),
        ("body_log_off", false),
        ("breaker_call", false),
        ("breaker_layer", false),
        ("breaker_permit", false),
        ("breaker_refusal", false),
        ("budget_drawn_from", false),
        ("bulkhead_layer", false),
        ("bulkhead_permit", false),
        ("called_again_if_need_be", false),
        ("guarded_against_panics", false),
        ("hedged", false),
        ("hedged_by_percentile", false),
        ("hedged_while_it_waits", false),
        ("limited_by_a_layer", false),
        ("limited_under_five_policies", false),
        ("load_layer", false),
        ("load_permit", false),
        ("profile_not_asked_for", false),
        ("profile_off", false),
        ("recorded", false),
        ("recorded_rejection", false),
        ("recorded_unmatched", false),
        ("repeats", false),
        ("retried", false),
        ("retried_once_only", false),
        ("retried_while_it_waits", false),
        ("timed", false),
        ("timed_while_it_waits", false),
        ("what_allocates", true),
    ];
    let expected = expected.map(|(name, allocates)| (name.to_owned(), allocates));
    assert_eq!(measured, expected);
}
