//! What retries and hedges cost a call that needs none, and what the budget does: `cargo bench -p seawall-guard --bench retry`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use divan::Bencher;
use http::{Request, Response};
use seawall_guard::hedge::{HedgeDelay, HedgeLayer, HedgePolicy};
use seawall_guard::retry::{AnyError, Idempotent, RetryLayer, RetryPolicy, Transient};
use seawall_guard::retry_budget::{RetryBudget, Withdrawal};
use seawall_guard::timeout::{TimedOut, TimeoutLayer};
use tower::{Layer as _, Service};

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

/// An error that is none.
#[derive(Debug)]
struct Never;

impl From<TimedOut> for Never {
    fn from(_: TimedOut) -> Self {
        Self
    }
}

/// Answers without allocating.
#[derive(Clone)]
struct Bare;

impl Service<Request<()>> for Bare {
    type Response = Response<()>;
    type Error = Never;
    type Future = Ready<Result<Response<()>, Never>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> std::task::Poll<Result<(), Never>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(())))
    }
}

fn pass(bencher: Bencher<'_, '_>, mut service: impl Service<Request<()>>, method: &str) {
    let request = || Request::builder().method(method).uri("/things/1").body(()).unwrap();
    bencher.with_inputs(request).bench_local_values(|request| {
        let mut context = Context::from_waker(Waker::noop());
        assert!(service.poll_ready(&mut context).is_ready());
        assert!(pin!(service.call(request)).poll(&mut context).is_ready());
    });
}

#[divan::bench(args = ["GET", "POST"])]
fn layer_bare(bencher: Bencher<'_, '_>, method: &str) {
    pass(bencher, Bare, method);
}

#[divan::bench(args = ["GET", "POST"])]
fn layer_timeout(bencher: Bencher<'_, '_>, method: &str) {
    pass(bencher, TimeoutLayer::new(Duration::from_secs(1)).layer(Bare), method);
}

#[divan::bench(args = ["GET", "POST"])]
fn layer_retry(bencher: Bencher<'_, '_>, method: &str) {
    let policy = RetryPolicy::new(Transient::default()).with_limit(Duration::from_secs(1));
    pass(bencher, RetryLayer::new(policy.build().unwrap()).layer(Bare), method);
}

#[divan::bench(args = ["GET", "POST"])]
fn layer_hedge(bencher: Bencher<'_, '_>, method: &str) {
    let delay = HedgeDelay::Percentile {
        percentile: 95.0,
        at_least: Duration::from_millis(1),
        minimum_calls: 20,
    };
    let policy = HedgePolicy::new(Transient::default(), delay, RetryBudget::default());
    pass(bencher, HedgeLayer::new(policy.build().unwrap()).layer(Bare), method);
}

#[divan::bench]
fn call_retry(bencher: Bencher<'_, '_>) {
    let retry = RetryPolicy::new(AnyError).build().unwrap();
    bencher.bench_local(|| {
        let call = pin!(retry.call(Idempotent, |_| ready(Ok::<_, Infallible>(7))));
        assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    });
}

#[divan::bench]
fn budget_deposit(bencher: Bencher<'_, '_>) {
    let budget = RetryBudget::default();
    bencher.bench_local(|| budget.deposit());
}

/// After so many deposits: the cost is the same.
#[divan::bench(args = [10, 100_000])]
fn budget_deposit_and_withdraw(bencher: Bencher<'_, '_>, before: u32) {
    let budget = RetryBudget::new(100, 0, Duration::from_secs(60)).unwrap();
    (0..before).for_each(|_| budget.deposit());
    bencher.bench_local(|| {
        budget.deposit();
        budget.withdraw().map(Withdrawal::spend)
    });
}

#[divan::bench]
fn budget_refusal(bencher: Bencher<'_, '_>) {
    let budget = RetryBudget::new(0, 0, Duration::from_secs(1)).unwrap();
    bencher.bench_local(|| budget.withdraw().is_none());
}
