//! What is known of an attempt after it.

use std::borrow::Cow;
use std::time::Duration;

use seawall_store::Timestamp;
use serde_json::Value;

/// Why an attempt or a step failed.
#[derive(Clone, PartialEq, Debug)]
pub struct StepError {
    /// Stable, kebab-case: `timeout`, `http-status-503`, `exit-code-1`, `template-error`, `output-too-large`, …
    pub code: Cow<'static, str>,
    /// For the author of the workflow. No secrets.
    pub message: String,
    /// False where trying the same again is useless (a bad template, a missing program).
    pub retryable: bool,
    /// The least time to wait before another attempt, if the other side said so.
    pub retry_after: Option<Duration>,
}

impl StepError {
    /// The longest message that is kept, in bytes.
    pub const MAX_MESSAGE: usize = 4096;

    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: bounded(message.into()),
            retryable: true,
            retry_after: None,
        }
    }

    /// The same, marked as useless to repeat.
    #[must_use]
    pub fn permanent(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            retryable: false,
            ..Self::new(code, message)
        }
    }
}

/// A message of at most [`StepError::MAX_MESSAGE`].
pub(crate) fn bounded(message: String) -> String {
    bounded_to(StepError::MAX_MESSAGE, message)
}

/// A text of at most so many bytes.
pub(crate) fn bounded_to(bytes: usize, mut text: String) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}

/// What an executor knows. The engine decides what follows from it, by the step's effect class and retry policy.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// Finished, with this output.
    Succeeded(Value),
    /// Certainly had no effect: DNS, connect or TLS failure, refused fence, spawn failure, cancelled before it began.
    NotBegun(StepError),
    /// Finished and failed: a complete response, an exit code.
    Failed(StepError),
    /// May have had its effect: timeout after sending, reset, truncation, kill.
    Unknown(StepError),
    /// Did not begin, and is to be tried at `until` without burning an attempt: a breaker is open, a limit is reached.
    Deferred { until: Timestamp, reason: String },
}
