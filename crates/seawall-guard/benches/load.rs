//! What a bulkhead and a limiter cost the calls that pass, and those that they refuse. The figures to reach: no allocation for a
//! call that passes, at a cost that depends neither on the limit nor on the number of principals; 3 µs for a rejection with its
//! body.
//!
//! `cargo bench -p seawall-guard --bench load`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::convert::Infallible;
use std::future::ready;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::Bytes;
use divan::{Bencher, black_box};
use http::{Request, Response};
use seawall_guard::bulkhead::{Bulkhead, BulkheadConfig, BulkheadLayer};
use seawall_guard::load::{Claim, Limiter, LoadConfig, LoadLayer, Outcome, Permit, PrincipalKey, Priority};
use seawall_guard::problem::Problem;
use tower::{Layer as _, Service, service_fn};

#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

fn bulkhead() -> Bulkhead {
    let config = BulkheadConfig::new(10).unwrap();
    Bulkhead::new("measured", config.with_queue(10, Duration::from_secs(1)).unwrap())
}

fn limiter(limit: u32) -> Limiter {
    let config = LoadConfig::builder().limits(limit, limit, limit);
    Limiter::new("measured", config.queue(0, Duration::ZERO).build().unwrap())
}

fn interactive(principal: u32) -> Claim {
    Claim::new(Priority::Interactive, PrincipalKey::of(principal))
}

/// All but one of the calls that a limiter lets in, each of another principal.
fn crowd(limiter: &Limiter, limit: u32) -> Vec<Permit> {
    (1..limit)
        .map(|principal| limiter.try_acquire(interactive(principal)).unwrap())
        .collect()
}

#[divan::bench(sample_size = 1000)]
fn bulkhead_permit(bencher: Bencher<'_, '_>) {
    let bulkhead = bulkhead();
    bencher.bench_local(|| drop(black_box(bulkhead.try_acquire().unwrap())));
}

#[divan::bench(sample_size = 1000, args = [1, 100, 10_000])]
fn limiter_permit_among_principals(bencher: Bencher<'_, '_>, principals: u32) {
    let limiter = limiter(principals);
    let _crowd = crowd(&limiter, principals);
    let claim = interactive(0);
    bencher.bench_local(|| limiter.try_acquire(claim).unwrap().record(black_box(Outcome::Success)));
}

#[divan::bench(sample_size = 1000)]
fn limiter_refusal_with_body(bencher: Bencher<'_, '_>) {
    let limiter = limiter(1);
    let _held = limiter.try_acquire(interactive(0)).unwrap();
    let claim = interactive(1);
    bencher.bench_local(|| {
        let rejected = limiter.try_acquire(claim).unwrap_err();
        Problem::from(rejected).into_http::<Bytes>()
    });
}

#[divan::bench(sample_size = 1000)]
fn principal_key(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| PrincipalKey::of(black_box("principal_01J0000000000000000000")));
}

fn answers() -> impl Service<Request<()>, Response = Response<Bytes>, Error = Infallible, Future: Unpin> + Clone {
    service_fn(|_: Request<()>| ready(Ok(Response::new(Bytes::new()))))
}

fn pass(bencher: Bencher<'_, '_>, mut service: impl Service<Request<()>, Error = Infallible>) {
    let mut context = Context::from_waker(Waker::noop());
    bencher.with_inputs(|| Request::new(())).bench_local_values(|request| {
        assert!(service.poll_ready(&mut context).is_ready());
        assert!(pin!(service.call(request)).poll(&mut context).is_ready());
    });
}

#[divan::bench(sample_size = 1000)]
fn layer_none(bencher: Bencher<'_, '_>) {
    pass(bencher, answers());
}

#[divan::bench(sample_size = 1000)]
fn layer_bulkhead(bencher: Bencher<'_, '_>) {
    pass(bencher, BulkheadLayer::new(bulkhead()).layer(answers()));
}

#[divan::bench(sample_size = 1000)]
fn layer_load(bencher: Bencher<'_, '_>) {
    pass(bencher, LoadLayer::new(limiter(10)).layer(answers()));
}
