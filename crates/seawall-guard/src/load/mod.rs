//! Adaptive concurrency: as many calls at once as the server can do, found out while it runs, and the right ones turned away
//! when more come.
//!
//! A [`Limiter`] looks at how long calls take and how they end, a window of them at a time, and sets its limit so that a few
//! queue inside and no more (Little's law, as TCP Vegas does it: what a call takes longer than without load, it waited). Three
//! things keep that right for long:
//!
//! - What a call takes without load is learnt only where there is little. Under load that lasts, a probe makes room for the time
//!   of a window by halving the limit. What is learnt is at most what half of the limit makes of it, so that a limit that is too high
//!   is seen to be, and falls again: it cannot drift upwards with what it measures itself against.
//! - A correlation over the last windows stands beside it: where more calls at once took longer and no more of them were done,
//!   the limit falls, whatever calls are thought to take without load.
//! - Signs of overload (time-outs, 503) are counted by themselves and never timed. A time-out that always takes the same is no steady
//!   latency: the limit falls with each window, by half where all calls end so. A call that is dropped counts as one if it had
//!   been under way for long ([`LoadConfigBuilder::given_up_after`]), so that a deadline outside is seen here.
//!
//! Who is turned away is not left to chance. [`Priority::Control`] is beside the limit and has a bound of its own, so that
//! neither starves the other; [`Priority::Batch`] has only a share of it; the rest is [`Priority::Interactive`]. Who finds
//! no room waits in a short queue. Who goes next is of the higher priority, then whose principal has the fewest calls under way,
//! then who came first. When the queue is full, who goes away (the newcomer or one that waits) is of the lowest priority, and of
//! those of the principal that has the most, and of those the last. Each waits for a fixed time at most, and not after CoDel: that
//! drops from the head of a queue whose head is its oldest, and here the oldest of a greedy principal stands behind everybody.
//!
//! What is turned away is answered with 503 `overloaded` and the time in which those who wait, and those who were turned away in
//! the last second and will come back too, can be served at the pace of the last calls: 1 s to 30 s.
//!
//! Memory: a principal is known while it has a call, so there are as many at most as calls may be under way and wait. A call that
//! finds room allocates nothing, and its cost depends neither on the limit nor on the number of principals. While calls wait,
//! letting one in looks at all of them: that is why there are 1,024 at most.
//!
//! What this does not do: tell slow routes from a slow server. One limiter sees one kind of work, or a mix that changes slowly;
//! give what is of another kind (long polls, uploads) another limiter or a [`bulkhead`](crate::bulkhead), or have it classed as
//! [`Outcome::Ignored`]. It does not cancel what is under way, nor time anything out, nor know other processes. In the layer a
//! call is over when its answer begins. A limit that nobody comes near is not raised, and says nothing of what the server could do.
//!
//! ```
//! use axum::Router;
//! use seawall_guard::load::{Claim, Limiter, LoadConfig, LoadLayer, PrincipalKey, Priority};
//!
//! # fn main() -> Result<(), seawall_guard::load::ConfigError> {
//! let limiter = Limiter::new("api", LoadConfig::builder().limits(4, 20, 500).build()?);
//! let triage = |request: &axum::extract::Request| {
//!     let priority = match request.uri().path() {
//!         "/health" => Priority::Control,
//!         path if path.starts_with("/export") => Priority::Batch,
//!         _ => Priority::Interactive,
//!     };
//!     // Who it is, as whoever authenticated it left it in the extensions.
//!     let principal = request.extensions().get::<&'static str>();
//!     Claim::new(priority, principal.map_or(PrincipalKey::UNKNOWN, PrincipalKey::of))
//! };
//! let app: Router = Router::new().layer(LoadLayer::new(limiter.clone()).with_triage(triage));
//! assert_eq!(limiter.snapshot().limit, 20);
//! # Ok(())
//! # }
//! ```

mod acquire;
mod classify;
mod config;
mod config_error;
mod estimate;
mod gate;
mod layer;
mod limiter;
mod observer;
mod permit;
mod priority;
mod rejected;
mod snapshot;

pub use acquire::Acquire;
pub use classify::{ByStatus, Classify, Outcome};
pub use config::{LoadConfig, LoadConfigBuilder};
pub use config_error::ConfigError;
pub use estimate::{Cause, Change};
pub use layer::{Entering, LoadFuture, LoadLayer, LoadService, UnderWay};
pub use limiter::Limiter;
pub use observer::Observer;
pub use permit::Permit;
pub use priority::{Alike, Claim, PrincipalKey, Priority, Triage};
pub use rejected::{Reason, Rejected};
pub use snapshot::{Snapshot, Totals};

#[cfg(test)]
mod tests;
