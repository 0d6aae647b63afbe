//! What may be repeated, and is not: it allocates for the copy of a request only, and a request without headers needs none.

use std::convert::Infallible;
use std::future::ready;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use divan::Bencher;
use http::{Method, Request, Response};
use seawall_guard::hedge::{HedgeDelay, HedgeLayer, HedgePolicy};
use seawall_guard::retry::{AnyError, Idempotent, RetryLayer, RetryPolicy, Transient};
use seawall_guard::retry_budget::{RetryBudget, Withdrawal};
use seawall_guard::timeout::{TimedOut, TimeoutLayer};
use tower::{Layer as _, Service};

use crate::allocations::count;

/// Answers without allocating, at the second poll or at the first.
#[derive(Clone)]
struct Bare {
    waits: bool,
}

struct Answer {
    waits: bool,
}

impl Future for Answer {
    type Output = Result<Response<()>, TimedOut>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if std::mem::take(&mut self.waits) {
            return Poll::Pending;
        }
        Poll::Ready(Ok(Response::new(())))
    }
}

impl Service<Request<()>> for Bare {
    type Response = Response<()>;
    type Error = TimedOut;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TimedOut>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        Answer { waits: self.waits }
    }
}

const BARE: Bare = Bare { waits: false };

/// As [`count`], for what waits once, on a timer too.
fn count_waiting<S: Service<Request<()>>>(bencher: Bencher<'_, '_>, mut service: S) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.unwrap();
    let _entered = runtime.enter();
    let request = || Request::new(());
    bencher.with_inputs(request).bench_local_values(|request| {
        let mut context = Context::from_waker(Waker::noop());
        assert!(service.poll_ready(&mut context).is_ready());
        let mut answer = pin!(service.call(request));
        assert!(answer.as_mut().poll(&mut context).is_pending());
        assert!(answer.poll(&mut context).is_ready());
    });
}

fn retry() -> RetryLayer<Transient> {
    let policy = RetryPolicy::new(Transient::default()).with_limit(Duration::from_secs(60));
    RetryLayer::new(policy.build().unwrap())
}

fn hedge(delay: HedgeDelay) -> HedgeLayer<Transient> {
    let policy = HedgePolicy::new(Transient::default(), delay, RetryBudget::default());
    HedgeLayer::new(policy.build().unwrap())
}

const FIXED: HedgeDelay = HedgeDelay::After(Duration::from_secs(60));

#[divan::bench]
fn timed(bencher: Bencher<'_, '_>) {
    let layer = TimeoutLayer::new(Duration::from_secs(60));
    count(bencher, layer.layer(BARE), || Request::new(()));
}

#[divan::bench]
fn timed_while_it_waits(bencher: Bencher<'_, '_>) {
    let layer = TimeoutLayer::new(Duration::from_secs(60));
    count_waiting(bencher, layer.layer(Bare { waits: true }));
}

#[divan::bench]
fn retried(bencher: Bencher<'_, '_>) {
    count(bencher, retry().layer(BARE), || Request::new(()));
}

#[divan::bench]
fn retried_once_only(bencher: Bencher<'_, '_>) {
    count(bencher, retry().layer(BARE), || {
        let request = Request::builder().method(Method::POST).uri("http://a.example/b?c=d");
        request.header("x-a", "b").extension(7).body(()).unwrap()
    });
}

#[divan::bench]
fn retried_while_it_waits(bencher: Bencher<'_, '_>) {
    count_waiting(bencher, retry().layer(Bare { waits: true }));
}

#[divan::bench]
fn hedged(bencher: Bencher<'_, '_>) {
    count(bencher, hedge(FIXED).layer(BARE), || Request::new(()));
}

#[divan::bench]
fn hedged_by_percentile(bencher: Bencher<'_, '_>) {
    let delay = HedgeDelay::Percentile {
        percentile: 95.0,
        at_least: Duration::from_secs(1),
        minimum_calls: 1,
    };
    count(bencher, hedge(delay).layer(BARE), || Request::new(()));
}

#[divan::bench]
fn hedged_while_it_waits(bencher: Bencher<'_, '_>) {
    count_waiting(bencher, hedge(FIXED).layer(Bare { waits: true }));
}

#[divan::bench]
fn called_again_if_need_be(bencher: Bencher<'_, '_>) {
    let retry = RetryPolicy::new(AnyError).build().unwrap();
    bencher.bench_local(|| {
        let call = pin!(retry.call(Idempotent, |_| ready(Ok::<_, Infallible>(7))));
        assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    });
}

#[divan::bench]
fn budget_drawn_from(bencher: Bencher<'_, '_>) {
    let budget = RetryBudget::default();
    bencher.bench_local(|| {
        budget.deposit();
        budget.withdraw().map(Withdrawal::spend)
    });
}
