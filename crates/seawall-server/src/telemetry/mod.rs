//! What the service counts of itself: one registry of metrics, and statistics by route.
//!
//! `stack.rs` records every request once, for [`Telemetry`]'s metrics, statistics and anomaly gauge. The engine tells
//! an [`Observation`] what has become durable; what the store and the engine know anyway is asked for when somebody scrapes.
//!
//! Every label has a known number of values: they are enums, route templates, or names of which only the first so many count and
//! the others are `other` (see [`bounded`]). So neither clients nor definitions can make the number of series grow.
//!
//! What this does not do: keep anything over a restart, or add up over nodes.

mod bounded;
mod build;
mod connections;
mod gathered;
mod logins;
mod observation;
mod registry;
mod runs;

pub(crate) use build::commit;
pub(crate) use connections::Connections;
pub(crate) use logins::LoginOutcome;
pub use observation::Observation;
pub use registry::Telemetry;
