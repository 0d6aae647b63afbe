//! A second attempt beside one that is slow; whichever is done first counts, and the other one is dropped.
//!
//! It shortens the tail: what is slow now and then (a stalled connection, a busy replica) is rarely slow twice. A [`Hedge`] is used as
//! a function ([`Hedge::call`]) or round a client ([`HedgeLayer`]). The second attempt is made after a fixed time, or after the time
//! that so large a part of the calls of the last minute took at most ([`HedgeDelay::Percentile`]).
//!
//! - Only calls that may be made twice are hedged: see [`Terms`](crate::retry::Terms). The other side sees them twice, and one of them cut off.
//! - A second attempt takes from a [`RetryBudget`](crate::retry_budget::RetryBudget), the one that retries take from: when all is
//!   slow, hedging does not double the load. Without budget there is no second attempt, and the call goes on.
//! - An attempt that fails before there is a second one is the result: repeating it is for [`retry`](crate::retry). One that fails while the
//!   other is under way leaves the result to that; when both fail, the first failure counts.
//! - The loser is dropped, that is, cancelled at its await.
//!
//! Durations are counted in buckets, so a percentile is off by at most 1/32. A call that was hedged counts with the time from its first attempt
//! to its end: were only winners counted, the percentile would sink with each hedge, and ever more calls be hedged. Memory is
//! fixed (18 KiB for a percentile, nothing for a fixed time), and the cost of a call does not depend on how many there were.
//! What this does not do: make a third attempt, choose another host for the second, or bound the time of both (that is
//! [`timeout`](crate::timeout)).
//!
//! ```
//! use std::time::Duration;
//!
//! use seawall_guard::hedge::{HedgeDelay, HedgeEnd, HedgePolicy};
//! use seawall_guard::retry::{AnyError, Idempotent};
//! use seawall_guard::retry_budget::RetryBudget;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
//! let delay = HedgeDelay::After(Duration::from_millis(50));
//! let hedge = HedgePolicy::new(AnyError, delay, RetryBudget::default()).build()?;
//! let hedged = hedge
//!     .call(Idempotent, |attempt| async move {
//!         let took = if attempt.number() == 1 { 900 } else { 20 };
//!         tokio::time::sleep(Duration::from_millis(took)).await;
//!         Ok::<_, ()>(took)
//!     })
//!     .await;
//! assert_eq!((hedged.result, hedged.end), (Ok(20), HedgeEnd::Second));
//! # Ok::<_, seawall_guard::hedge::InvalidHedge>(()) }).unwrap();
//! ```

mod call;
mod latencies;
mod layer;
mod policy;
mod race;
#[cfg(test)]
mod tests;

pub use call::{HedgeCall, Hedged};
pub use layer::{HedgeFuture, HedgeLayer, HedgeService};
pub use policy::{Hedge, HedgeDelay, HedgePolicy, InvalidHedge};
pub use race::HedgeEnd;
