//! A panic is a constant 500 for the client, and one line in the log for the operator.
//!
//! [`CatchPanicLayer`] catches a panic of the inner service in its call, in its future and in the body of its answer. Before the
//! answer began the client gets the problem `internal-error`; in the middle of a body it gets a broken body, and other requests on
//! the same connection go on. Either way there is one line with the request's id, the place in the code and what the panic said,
//! with secrets [taken out](crate::redaction). Nothing of it reaches the client.
//!
//! The place is known where [`install_hook`] was called: Rust tells it to the process's panic hook alone. The hook also
//! logs panics that no guard catches, in place of the text that Rust writes to stderr, which knows no redaction.
//!
//! What this does not do: catch where panics abort, catch what happens in tasks that the service spawns, or repair what the panic
//! left behind.
//!
//! ```
//! use axum::{Router, routing};
//! use seawall_guard::panic::{CatchPanicLayer, install_hook};
//!
//! install_hook();
//! let app: Router = Router::new()
//!     .route("/", routing::get(|| async { None::<String>.expect("there is one") }))
//!     .layer(CatchPanicLayer);
//! ```

mod body;
mod caught;
mod hook;
mod layer;

pub use body::{BodyError, CatchPanicBody};
pub use hook::install_hook;
pub use layer::{CatchPanicFuture, CatchPanicLayer, CatchPanicService};
