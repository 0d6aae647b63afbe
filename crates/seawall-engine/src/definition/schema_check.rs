//! The JSON Schema of a run's input.

/// A compiled JSON Schema 2020-12.
pub struct InputSchema(());
