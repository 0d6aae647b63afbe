//! A bulkhead: at most so many calls of one kind at once, so that what is slow takes some of the ship and not all of it.
//!
//! A [`Bulkhead`] has permits, a bounded queue for those that find none, and a time that they wait at most. The queue is first
//! come, first served; who waits in it and is dropped leaves no trace. What finds the queue full, or waits in vain, is
//! [`Rejected`]: 503 `overloaded`, with the time in which the queue as it is would be worked off at the pace of the last calls.
//!
//! It stands round a call in three ways: [`BulkheadLayer`] for services that speak HTTP, [`Bulkhead::call`] for any future, and
//! [`Bulkhead::acquire`] or [`Bulkhead::try_acquire`], whose [`Permit`] is given back when it is dropped. Clones share one
//! bulkhead. A call that finds a permit allocates nothing.
//!
//! What this does not do: find out how many permits there should be (that is [`load`](crate::load)), prefer anybody, or time
//! out what is under way. In the layer a call is over when its answer begins; a body that streams holds no permit.
//!
//! ```
//! use std::time::Duration;
//! use seawall_guard::bulkhead::{Bulkhead, BulkheadConfig, CallError};
//!
//! # #[derive(Debug)]
//! # struct Refused;
//! # async fn render() -> Result<u32, Refused> { Ok(7) }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), seawall_guard::bulkhead::ConfigError> {
//! // Two at once, eight may wait, for a second.
//! let config = BulkheadConfig::new(2)?.with_queue(8, Duration::from_secs(1))?;
//! let renderer = Bulkhead::new("renderer", config);
//! match renderer.call(render()).await {
//!     Ok(pages) => assert_eq!(pages, 7),
//!     Err(CallError::Rejected(rejected)) => println!("{rejected}"),
//!     Err(CallError::Failed(error)) => println!("{error:?}"),
//! }
//! # Ok(())
//! # }
//! ```

mod acquire;
mod call;
mod config;
mod handle;
mod layer;
mod permit;
mod rejected;
mod snapshot;

pub use acquire::Acquire;
pub use call::CallError;
pub use config::{BulkheadConfig, ConfigError};
pub use handle::Bulkhead;
pub use layer::{BulkheadFuture, BulkheadLayer, BulkheadService};
pub use permit::Permit;
pub use rejected::{Reason, Rejected};
pub use snapshot::{Snapshot, Totals};

#[cfg(test)]
mod tests;
