use std::borrow::Cow;

use serde::Serialize;

use super::Pointer;

/// One thing that is wrong with a request, and where.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FieldError {
    /// JSON Pointer into the body; of a parameter, `/` and its name.
    pub pointer: String,
    /// The name of the field: the last part of the pointer. Absent where the whole document is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    pub message: String,
    /// What clients may branch on.
    pub code: Cow<'static, str>,
}

impl FieldError {
    #[must_use]
    pub fn new(pointer: &Pointer, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.as_str().to_owned(),
            field: pointer.last(),
            message: message.into(),
            code: code.into(),
        }
    }
}
