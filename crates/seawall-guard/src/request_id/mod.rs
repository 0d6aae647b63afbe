//! One id for each request, in the request's extensions and on every answer.
//!
//! A caller's `X-Request-ID` is taken over if it is 1 to 128 characters of `[A-Za-z0-9._-]`, so that it can stand in logs
//! and headers as it is; anything else is replaced by a UUIDv7. The layer belongs outermost: early errors carry the id
//! too. It does not log.

mod id;
mod layer;

pub use id::RequestId;
pub use layer::{HEADER, RequestIdFuture, RequestIdLayer, RequestIdService};
