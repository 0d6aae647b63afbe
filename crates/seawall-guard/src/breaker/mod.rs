//! A circuit breaker: calls that would fail anyway are not made, and what is broken gets time to recover.
//!
//! A [`Breaker`] is closed (calls pass and are counted), open (they are refused at once, with the time after which it may be
//! tried again), or half-open (a few probes pass, and decide). People may hold it forced-open, disabled, or metrics-only, which
//! counts and tells what it would have done. It opens on a ratio of failures or of slow calls over a window of calls or of time, on
//! failures in a row, and until the time that a 429 or 503 names itself ([`Outcome`] says what counts as what). All thresholds are
//! "so many or more".
//!
//! It stands round a call in three ways: [`BreakerLayer`] for services that speak HTTP, [`Breaker::call`] for any future, and
//! [`Breaker::try_acquire`], whose [`Permit`] is told how the call ended and counts nothing when it is dropped untold. Clones share
//! one breaker. A call that passes costs no allocation, and what it costs does not depend on the size of the window.
//!
//! There are no timers: a breaker that is open is open until somebody comes after its time, who is its first probe. So nothing
//! can fire late into a state that it was not meant for, and what is said of a time that passed unobserved is what would have
//! been said then. A call is counted in the state that admitted it and in no other: when it ends after that state has, it is
//! late, and only its Retry-After is heard, and only by a breaker that is open.
//!
//! Time is that of [`tokio::time::Instant`], which tests can hold still; no runtime is needed for it.
//!
//! What this does not do: time calls out (put the timeout inside: a call that is given up from outside has not failed, and
//! counts nothing), repeat them, look at the body of an answer, or share its counts with other processes. Their votes and their
//! operators come in by [`Breaker::trip`] and [`Breaker::force_open`].
//!
//! ```
//! use std::time::Duration;
//! use seawall_guard::breaker::{Breaker, BreakerConfig, CallError, Window};
//!
//! # #[derive(Debug)]
//! # struct Refused;
//! # async fn charge() -> Result<u32, Refused> { Ok(7) }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), seawall_guard::breaker::ConfigError> {
//! let config = BreakerConfig::builder()
//!     .window(Window::Calls(50))
//!     .failure_ratio(0.5)
//!     .minimum_calls(10)
//!     .open_for(Duration::from_secs(5))
//!     .build()?;
//! let payments = Breaker::new("payments", config);
//! match payments.call(charge()).await {
//!     Ok(receipt) => assert_eq!(receipt, 7),
//!     Err(CallError::Rejected(rejected)) => println!("{rejected}"),
//!     Err(CallError::Failed(error)) => println!("{error:?}"),
//! }
//! # Ok(())
//! # }
//! ```

mod backoff;
mod call;
mod classify;
mod config;
mod config_error;
mod control;
mod handle;
mod layer;
mod machine;
mod observer;
mod outbox;
mod outcome;
mod permit;
mod rejected;
mod retry_after;
mod snapshot;
mod state;
mod window;

pub use call::{CallError, CallFuture};
pub use classify::{ByResult, ByStatus, Classify};
pub use config::{AfterHalfOpen, BreakerConfig, BreakerConfigBuilder, Window};
pub use config_error::ConfigError;
pub use handle::Breaker;
pub use layer::{BreakerFuture, BreakerLayer, BreakerService};
pub use observer::{Observer, Transition};
pub use outcome::Outcome;
pub use permit::Permit;
pub use rejected::Rejected;
pub use retry_after::retry_after;
pub use snapshot::{Counts, Probes, Snapshot, Thresholds, Totals};
pub use state::{Cause, State};

#[cfg(test)]
mod tests;
