//! What is wrong with a definition or an input, and where.

/// One thing that is wrong with a definition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DefinitionError {
    /// JSON Pointer into the definition.
    pub pointer: String,
    /// Stable, kebab-case.
    pub code: &'static str,
    /// With a hint where there is one.
    pub message: String,
}

/// One thing that is wrong with a run's input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InputError {
    /// JSON Pointer under `/input`.
    pub pointer: String,
    pub code: &'static str,
    pub message: String,
}
