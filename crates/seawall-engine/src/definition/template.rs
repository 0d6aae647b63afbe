//! Templates: see the helper's implementation.

use crate::definition::rendered::Rendered;
use crate::definition::scope::Scope;
use crate::executor::StepError;

/// A JSON value whose strings may be templates.
pub struct Template(());

impl Template {
    /// # Errors
    /// `template-error`, `template-too-large`; never retryable.
    pub fn render(&self, _scope: &Scope) -> Result<Rendered, StepError> {
        Err(StepError::permanent("template-error", ""))
    }
}

/// A template that gives a boolean.
pub struct Condition(());

impl Condition {
    /// # Errors
    /// As [`Template::render`]; also when the value is not a boolean.
    pub fn holds(&self, _scope: &Scope) -> Result<bool, StepError> {
        Err(StepError::permanent("template-error", ""))
    }
}
