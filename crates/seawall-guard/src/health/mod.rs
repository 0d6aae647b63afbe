//! Whether the process lives, and whether it can take work: two questions with two types.
//!
//! [`Liveness`] asks the process about itself and waits for nothing: who restarts a process because its database is down makes
//! things worse, so nothing that waits can be registered there. [`Readiness`] asks what the service depends on. Its checks run
//! together under one deadline. A critical one that is down answers 503, one that is not critical only says `degraded`. What is
//! good is believed for a second, what is not is asked again each time; probes that come at once share one round of checks. A check
//! that panics or hangs is down. Each check's report says since when it has been so, and a change is logged.
//!
//! For the view that operators see there are [`Memory`] and [`Disk`] (Linux).
//!
//! What this does not do: stop a check that blocks its thread instead of awaiting (the deadline passes only when it returns), or
//! decide who may see details: [`Details`] is the caller's choice.
//!
//! ```
//! use std::time::Duration;
//!
//! use axum::{Router, routing};
//! use seawall_guard::health::{Details, Liveness, Readiness, Verdict};
//!
//! let liveness = Liveness::default();
//! let readiness = Readiness::within(Duration::from_secs(2))
//!     .critical("store", || async { Verdict::up() })
//!     .optional("mail", || async { Verdict::down("no answer") })
//!     .build();
//! let app: Router = Router::new()
//!     .route("/health", routing::get(move || async move { liveness.report().response(Details::Hidden) }))
//!     .route("/ready", routing::get(move || async move { readiness.report().await.response(Details::Hidden) }));
//! ```
//!
//! A check that waits is no matter of liveness:
//!
//! ```compile_fail
//! use seawall_guard::health::{Liveness, Verdict};
//!
//! Liveness::default().with("store", || async { Verdict::up() });
//! ```

mod check;
mod liveness;
#[cfg(target_os = "linux")]
mod machine;
mod readiness;
mod report;
mod verdict;

pub use liveness::Liveness;
#[cfg(target_os = "linux")]
pub use machine::{Disk, Memory};
pub use readiness::{Readiness, ReadinessBuilder};
pub use report::{CheckReport, Details, Overall, Report};
pub use verdict::{State, Verdict};
