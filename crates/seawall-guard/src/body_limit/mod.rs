//! A bound for request bodies.
//!
//! A body that announces its length is refused before a byte of it is read. One that does not (chunked, HTTP/2) is cut off
//! when it passes the limit: whoever reads it gets [`http_body_util::LengthLimitError`], which [`crate::problem::Json`],
//! [`crate::problem::read_body`] and axum's own extractors answer with 413. Every 413 of the inner service is given its
//! `limit_bytes` here.
//!
//! On HTTP/1 the refusal closes the connection: the rest of the body is not worth reading. It does not bound responses.

mod layer;

pub use layer::{BodyLimitFuture, BodyLimitLayer, BodyLimitService};
