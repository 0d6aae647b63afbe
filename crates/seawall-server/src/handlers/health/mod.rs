//! Liveness and readiness.

pub(crate) mod api;
pub(crate) mod live;
pub(crate) mod ready;
