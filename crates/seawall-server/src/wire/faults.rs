use std::fmt::Display;

use seawall_guard::problem::{FieldError, Pointer, Problem, kinds};

/// Collects all that is wrong with a body, so that it is told at once.
#[derive(Default)]
pub(crate) struct Faults(Vec<FieldError>);

impl Faults {
    /// What was read, or its fault at the field of this name.
    pub(crate) fn of<T, E: Display>(&mut self, field: &str, code: &'static str, read: Result<T, E>) -> Option<T> {
        self.at(&Pointer::root().key(field), code, read)
    }

    pub(crate) fn at<T, E: Display>(&mut self, pointer: &Pointer, code: &'static str, read: Result<T, E>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.0.push(FieldError::new(pointer, code, error.to_string()));
                None
            }
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn problem(self) -> Problem {
        Problem::new(&kinds::VALIDATION_ERROR).with_errors(self.0)
    }

    /// # Errors
    /// `validation-error` with all faults, if there are any.
    pub(crate) fn none(self) -> Result<(), Problem> {
        if self.is_empty() {
            return Ok(());
        }
        Err(self.problem())
    }
}
