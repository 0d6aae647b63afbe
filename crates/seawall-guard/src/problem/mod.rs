//! Problem documents (RFC 9457): one shape for every rejection, whichever layer makes it.
//!
//! Each kind of rejection is declared once, as a [`ProblemKind`] in a table (see [`kinds`]). From that entry follow the
//! response, its help page, its place in OpenAPI and its metric label. A service adds its own kinds with
//! [`problem_kinds!`](crate::problem_kinds) and joins both tables in a [`Catalog`].
//!
//! [`ProblemLayer`] completes problems with the request's path and id, and gives this shape to error answers that are
//! none yet (a router's 404 and 405, an extractor's 415). The extractors
//! [`Json`], [`Query`] and [`Path`] reject with problems that point at what is wrong. With the feature `validation`, `Valid`
//! round one of them holds what was read against the rules of `garde`, and tells all that is wrong at once.
//!
//! What it does not do: log rejections, catch panics, or find keys that stand twice in a map: of a struct's fields serde does.

mod catalog;
mod document;
mod extract;
mod field_error;
mod kind;
pub mod kinds;
mod layer;
mod page;
mod pointer;

pub use catalog::Catalog;
pub use document::{CONTENT_TYPE, Problem};
pub use extract::{Json, Path, Query, parse_json, read_body, require_json, require_uncoded};
#[cfg(feature = "validation")]
pub use extract::{MAX_ERRORS, Valid};
pub use field_error::FieldError;
pub use kind::{Extension, ProblemKind};
pub use layer::{ProblemFuture, ProblemLayer, ProblemService, Verbatim};
pub use page::{list_page, page};
pub use pointer::Pointer;

#[cfg(feature = "panic")]
pub use crate::panic::{CatchPanicFuture, CatchPanicLayer, CatchPanicService};
