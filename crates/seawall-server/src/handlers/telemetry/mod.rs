//! Metrics and statistics, and a way to see them move.

pub(crate) mod force_error;
pub(crate) mod metrics;
pub(crate) mod stats;
