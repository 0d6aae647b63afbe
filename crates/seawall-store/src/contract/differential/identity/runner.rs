use std::time::Duration;

use super::op::IdentityOp;
use super::side::IdentitySide;
use crate::contract::differential::runner::{Divergence, compare};
use crate::manual_clock::ManualClock;
use crate::roles::IdentityStore;
use crate::time::{StoreClock as _, Timestamp};

/// Applies `ops` to two fresh stores that read `clock` and compares answers and final contents.
///
/// # Errors
/// At the first difference.
pub async fn run_identity_differential(
    ops: &[IdentityOp],
    a: &dyn IdentityStore,
    b: &dyn IdentityStore,
    clock: &ManualClock,
) -> Result<(), Box<Divergence>> {
    let (a, b) = (IdentitySide::new(a, clock), IdentitySide::new(b, clock));
    for (number, op) in ops.iter().enumerate() {
        match op {
            IdentityOp::Advance(millis) => clock.advance(Duration::from_millis(u64::from(*millis))),
            IdentityOp::SetBack(millis) => {
                clock.set(Timestamp::from_millis(clock.now().as_millis() - i64::from(*millis)));
            }
            _ => {}
        }
        let place = Some((number, format!("{op:?}")));
        compare(place, a.apply(op).await, b.apply(op).await)?;
    }
    compare(None, a.contents().await, b.contents().await)
}
