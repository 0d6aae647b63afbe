//! The one setting of failpoints.

use std::sync::Arc;

use seawall_store_sqlite::{FailAction, FailHook};

/// `POINT@N`: the process ends at once when the store's writer reaches that point for the Nth time.
const VARIABLE: &str = "SEAWALL_FAILPOINT";

/// The hook that the environment asks for. What cannot be read asks for nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "not configuration: what ships does not have it"
)]
pub(crate) fn from_environment() -> Option<FailHook> {
    let text = std::env::var(VARIABLE).ok()?;
    let (point, hit) = text.split_once('@')?;
    let (point, hit) = (point.to_owned(), hit.parse::<u64>().ok()?);
    Some(Arc::new(move |reached, hits| {
        (reached == point && hits == hit).then_some(FailAction::Abort)
    }))
}
