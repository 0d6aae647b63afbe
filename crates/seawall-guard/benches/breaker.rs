//! What a breaker costs the calls that pass, and those that it refuses. The figures to reach: 60 ns and no allocation for a call
//! that passes, the same for a window of 10 and of 100,000 calls; 3 µs for a rejection with its body.
//!
//! `cargo bench -p seawall-guard --bench breaker`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use divan::{Bencher, black_box};
use http::{Request, Response};
use seawall_guard::breaker::{Breaker, BreakerConfig, BreakerLayer, Outcome, Window};
use seawall_guard::problem::Problem;
use tower::{Layer as _, Service, service_fn};

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

/// It never opens by what is measured: half of the calls fail.
fn breaker(window: Window, slow_calls: bool) -> Breaker {
    let builder = BreakerConfig::builder().window(window).minimum_calls(10);
    let builder = builder.failure_ratio(0.9).consecutive_failures(1000);
    let builder = match slow_calls {
        true => builder.slow_calls(Duration::from_secs(1), 0.9),
        false => builder,
    };
    let breaker = Breaker::new("measured", builder.build().unwrap());
    // A full window: each call that comes takes the place of another.
    if let Window::Calls(calls) = window {
        for number in 0..calls + 1 {
            pass(&breaker, number % 2 == 0);
        }
    }
    breaker
}

fn pass(breaker: &Breaker, good: bool) {
    let outcome = if good { Outcome::Success } else { Outcome::FAILURE };
    breaker.try_acquire().unwrap().record(black_box(outcome));
}

fn passes(bencher: Bencher<'_, '_>, breaker: &Breaker) {
    let mut good = false;
    bencher.bench_local(|| {
        good = !good;
        pass(breaker, good);
    });
}

#[divan::bench(sample_size = 1000, args = [10, 1000, 100_000])]
fn permit_over_calls(bencher: Bencher<'_, '_>, calls: usize) {
    passes(bencher, &breaker(Window::Calls(calls), false));
}

#[divan::bench(sample_size = 1000, args = [10, 100_000])]
fn permit_over_calls_with_slow_calls(bencher: Bencher<'_, '_>, calls: usize) {
    passes(bencher, &breaker(Window::Calls(calls), true));
}

#[divan::bench(sample_size = 1000, args = [1, 10, 128])]
fn permit_over_time_in_buckets(bencher: Bencher<'_, '_>, buckets: usize) {
    let length = Duration::from_secs(10);
    passes(bencher, &breaker(Window::Time { length, buckets }, false));
}

/// What the operating system takes for a look at the clock: slow calls need two, windows of time one.
#[divan::bench(sample_size = 1000)]
fn clock(bencher: Bencher<'_, '_>) {
    bencher.bench_local(tokio::time::Instant::now);
}

/// The same one for all threads, and nothing but its lock to meet at.
#[divan::bench(sample_size = 1000, threads = [1, 2])]
fn permit_of_one_breaker_on_threads(bencher: Bencher<'_, '_>) {
    static ONE: LazyLock<Breaker> = LazyLock::new(|| breaker(Window::Calls(100), false));
    bencher.bench(|| pass(&ONE, true));
}

#[divan::bench(sample_size = 1000, args = [10, 100_000])]
fn call_that_is_ready(bencher: Bencher<'_, '_>, calls: usize) {
    let breaker = breaker(Window::Calls(calls), false);
    bencher.bench_local(|| poll(breaker.call(ready(Ok::<_, ()>(())))).unwrap());
}

fn answer(_: Request<()>) -> std::future::Ready<Result<Response<Bytes>, Infallible>> {
    ready(Ok(Response::new(Bytes::new())))
}

fn serve<S>(bencher: Bencher<'_, '_>, mut service: S)
where
    S: Service<Request<()>, Response = Response<Bytes>, Error = Infallible>,
{
    bencher.with_inputs(|| Request::new(())).bench_local_values(|request| {
        let mut context = Context::from_waker(Waker::noop());
        assert!(service.poll_ready(&mut context).is_ready());
        poll(service.call(request))
    });
}

#[divan::bench(sample_size = 1000)]
fn layer_without(bencher: Bencher<'_, '_>) {
    serve(bencher, service_fn(answer));
}

#[divan::bench(sample_size = 1000, args = [10, 100_000])]
fn layer_over_a_service(bencher: Bencher<'_, '_>, calls: usize) {
    serve(
        bencher,
        BreakerLayer::new(breaker(Window::Calls(calls), false)).layer(service_fn(answer)),
    );
}

#[divan::bench(sample_size = 1000, args = [10, 100_000])]
fn rejection(bencher: Bencher<'_, '_>, calls: usize) {
    let breaker = breaker(Window::Calls(calls), false);
    breaker.trip(None);
    bencher.bench_local(|| breaker.try_acquire().unwrap_err());
}

#[divan::bench(sample_size = 1000)]
fn rejection_with_its_body(bencher: Bencher<'_, '_>) {
    let breaker = breaker(Window::Calls(100), false);
    breaker.trip(None);
    bencher.bench_local(|| Problem::from(breaker.try_acquire().unwrap_err()).into_http::<Bytes>());
}

fn poll<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("all that is measured is ready"),
    }
}
