mod cancellation;
mod layer;
mod oracle;
mod rules;

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use super::{Acquire, Permit, Rejected};

/// Asks once, without waiting.
fn poll(acquire: &mut Acquire) -> Poll<Result<Permit, Rejected>> {
    Pin::new(acquire).poll(&mut Context::from_waker(Waker::noop()))
}
