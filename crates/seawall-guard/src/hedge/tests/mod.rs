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
