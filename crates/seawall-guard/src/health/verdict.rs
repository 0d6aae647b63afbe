use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// What a check found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Up,
    /// It works, but not as it should.
    Degraded,
    Down,
}

/// The result of a check, with a text for operators.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verdict {
    pub(super) state: State,
    pub(super) detail: Option<Cow<'static, str>>,
}

impl Verdict {
    #[must_use]
    pub const fn up() -> Self {
        Self {
            state: State::Up,
            detail: None,
        }
    }

    #[must_use]
    pub fn degraded(detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            state: State::Degraded,
            detail: Some(detail.into()),
        }
    }

    #[must_use]
    pub fn down(detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            state: State::Down,
            detail: Some(detail.into()),
        }
    }

    /// Says more about it.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Up, or down with what the error says.
impl<T, E: fmt::Display> From<Result<T, E>> for Verdict {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(_) => Self::up(),
            Err(error) => Self::down(error.to_string()),
        }
    }
}
