//! Hedges as a function and as a layer, under a clock that is held still.

mod called;
#[cfg(feature = "deadline")]
mod layered;

use std::time::Duration;

use super::*;
use crate::retry_budget::RetryBudget;

const MS: Duration = Duration::from_millis(1);

/// After 50 ms.
fn policy<C>(classify: C, budget: &RetryBudget) -> Hedge<C> {
    let policy = HedgePolicy::new(classify, HedgeDelay::After(50 * MS), budget.clone());
    policy.build().unwrap()
}

#[cfg(feature = "deadline")]
#[test]
fn futures_move_between_threads() {
    use axum::body::Body;
    use http::{Request, Response};
    use tower::{Layer as _, Service, service_fn};

    use crate::retry::{AnyError, Idempotent, RetryLayer, RetryPolicy, Transient};
    use crate::timeout::{TimedOut, TimeoutLayer};

    const fn moves<T: Send + 'static>(_: &T) {}
    let retry = RetryPolicy::new(AnyError).build().unwrap();
    let called = retry.clone();
    moves(&async move { called.call(Idempotent, |_| async { Ok::<_, ()>(()) }).await });
    let hedge = policy(AnyError, &RetryBudget::default());
    moves(&hedge.call(Idempotent, |_| async { Ok::<_, ()>(()) }));
    let other = service_fn(|_: Request<Body>| async { Ok::<_, TimedOut>(Response::new(Body::empty())) });
    let timed = TimeoutLayer::new(MS).layer(other);
    let hedge = policy(Transient::default(), &RetryBudget::default());
    let retry = RetryPolicy::new(Transient::default()).build().unwrap();
    // The order in which they stand round a client.
    let mut service = RetryLayer::new(retry).layer(HedgeLayer::new(hedge).layer(timed));
    moves(&service);
    moves(&service.call(Request::new(Body::empty())));
}
