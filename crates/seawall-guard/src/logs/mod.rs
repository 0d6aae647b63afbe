//! Log lines without secrets: JSON for machines, text for people at a terminal.
//!
//! [`layer`] makes a layer for a `tracing` subscriber that writes one line for each event. Messages, fields, the fields of spans
//! and the chains of errors all pass through one place that looks at them:
//!
//! - By name and by shape, secrets are [taken out](crate::redaction), before anything is cut.
//! - Control characters, line separators and marks that turn the direction of text are escaped, so that a value can
//!   neither begin a line of its own nor show itself as something else.
//! - A line has at most [`LONGEST_LINE`] bytes. Values are cut, and fields beyond that are counted in `left_out`.
//!
//! A line of JSON stays JSON. It has `timestamp`, `level`, `target`, `message`, the event's fields (one that is named like these is
//! written as `field.level`), and `spans` from the outermost on.
//!
//! [`gather`] writes them together, on a thread of its own: a call of the system for each line costs a busy service more than all the
//! rest of logging.
//!
//! [`directives`] reads which levels are wanted (`info,hyper=warn`), and says clearly what it cannot read.
//!
//! It is the net of [`redaction`](crate::redaction), not a proof. What it does not do: redact what other layers of the same
//! subscriber write, or what a program prints itself. Panics are the matter of [`panic`](mod@crate::panic).
//!
//! ```
//! use seawall_guard::logs::{Style, directives, layer};
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! let subscriber = tracing_subscriber::registry()
//!     .with(layer(Style::Json, std::io::stderr))
//!     .with(directives("info,hyper=warn")?);
//! # Ok::<(), seawall_guard::logs::DirectiveError>(())
//! ```

mod clean;
mod directives;
mod escape;
mod fields;
mod format;
mod gather;
mod style;
#[cfg(test)]
mod tests;
mod time;

pub use directives::{DirectiveError, directives};
pub use fields::LogFields;
pub use format::{LONGEST_LINE, LogFormat, layer};
pub use gather::{Gather, LastLines, Line, gather};
pub use style::Style;
pub use time::UtcTime;
