//! Guards do not allocate for a request that they let pass. Divan counts, and says so only in what it prints: so the
//! benchmarks run in a process of their own, whose output is read.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::task::{Context, Waker};

use axum::extract::MatchedPath;
use axum::{Extension, Router, routing};
use divan::Bencher;
use http::{Request, Response};
use prometheus_client::registry::Registry;
use seawall_guard::anomaly::ErrorRateAnomaly;
use seawall_guard::metrics::HttpMetrics;
use seawall_guard::problem::{Catalog, Problem, ProblemKind, kinds};
use seawall_guard::profile::ProfileLayer;
use seawall_guard::recording::{RecordLayer, Routes};
use seawall_guard::stats::RouteStats;
use tower::{Layer, Service, ServiceExt as _};

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

#[derive(Clone)]
struct Answer;

impl Service<Request<()>> for Answer {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        Ok(()).into()
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(())))
    }
}

/// Answers with what the request brought along, so that the answer is made outside of what is counted.
#[derive(Clone)]
struct Refuse;

impl Service<Request<Response<()>>> for Refuse {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        Ok(()).into()
    }

    fn call(&mut self, request: Request<Response<()>>) -> Self::Future {
        ready(Ok(request.into_body()))
    }
}

fn count<S, B>(bencher: Bencher<'_, '_>, mut service: S, request: impl Fn() -> Request<B>)
where
    S: Service<Request<B>, Error = Infallible>,
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

#[divan::bench]
fn recorded(bencher: Bencher<'_, '_>) {
    let matched = matched();
    count(bencher, recording().layer(Answer), || {
        Request::get("/things/1").extension(matched.clone()).body(()).unwrap()
    });
}

#[divan::bench]
fn recorded_unmatched(bencher: Bencher<'_, '_>) {
    count(bencher, recording().layer(Answer), || {
        Request::builder().method("BREW").uri("/of-ada").body(()).unwrap()
    });
}

#[divan::bench]
fn recorded_rejection(bencher: Bencher<'_, '_>) {
    let response = || Problem::new(&kinds::CONFLICT).into_http::<bytes::Bytes>().map(drop);
    count(bencher, recording().layer(Refuse), || Request::new(response()));
}

#[divan::bench]
fn profile_off(bencher: Bencher<'_, '_>) {
    count(bencher, ProfileLayer::enabled(false).layer(Answer), || {
        Request::get("/?profile=1").body(()).unwrap()
    });
}

#[divan::bench]
fn profile_not_asked_for(bencher: Bencher<'_, '_>) {
    count(bencher, ProfileLayer::enabled(true).layer(Answer), || {
        Request::get("/?a=b").body(()).unwrap()
    });
}

#[test]
#[ignore = "the other test runs it in a process of its own"]
fn run_the_benchmarks() {
    divan::Divan::default().sample_count(5).sample_size(200).run_benches();
}

/// The benchmarks that were run, and whether they allocated.
fn measured() -> Vec<(String, bool)> {
    let own = std::env::current_exe().unwrap();
    let arguments = ["allocations::run_the_benchmarks", "--exact", "--ignored", "--nocapture"];
    let output = Command::new(own).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
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
        ("profile_not_asked_for", false),
        ("profile_off", false),
        ("recorded", false),
        ("recorded_rejection", false),
        ("recorded_unmatched", false),
        ("what_allocates", true),
    ];
    let expected = expected.map(|(name, allocates)| (name.to_owned(), allocates));
    assert_eq!(measured, expected);
}
