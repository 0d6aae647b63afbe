//! Bodies in the log, masked: for a hunt on a test system, never by default.
//!
//! [`BodyLogLayer`] is off unless it is told how many bytes it may keep. Then it writes one line at target `body` for each body
//! that is JSON or text, with the request's id, once the body has ended. In JSON every value under a name that speaks of a secret
//! is masked, whatever it is, and all other texts are [looked at](crate::redaction); text is looked at as a whole.
//!
//! A body is written whole or not at all: half a document cannot be masked by its names. Of one that is larger, compressed, not
//! UTF-8, not what its type says, or not read to its end, only the size is written; of one that nobody reads, nothing. The service sees bodies as they come: nothing
//! waits for the log. What this does not do: look into forms, uploads and streams of events.
//!
//! ```
//! use axum::Router;
//! use seawall_guard::body_log::BodyLogLayer;
//!
//! let app: Router = Router::new().layer(BodyLogLayer::up_to(4096));
//! ```

mod body;
mod layer;
mod mask;

pub use body::LoggedBody;
pub use layer::{BodyLogFuture, BodyLogLayer, BodyLogService};
