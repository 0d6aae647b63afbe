use std::time::Duration;

use crate::timeout::TimedOut;

/// What an answer or an error calls for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is what was asked for.
    Accept,
    /// Another attempt may end better.
    Retry,
    /// The same, and not before so much time has passed: `Retry-After`.
    RetryAfter(Duration),
    /// Another attempt would end the same way.
    Refuse,
    /// A circuit breaker is open: nothing is to be sent now.
    BreakerOpen,
}

/// Says what the result of an attempt calls for. A function of it does.
pub trait Classify<T, E> {
    fn classify(&self, result: Result<&T, &E>) -> Verdict;
}

impl<F, T, E> Classify<T, E> for F
where
    F: Fn(Result<&T, &E>) -> Verdict,
{
    fn classify(&self, result: Result<&T, &E>) -> Verdict {
        self(result)
    }
}

/// Each error calls for another attempt, and each answer is accepted.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct AnyError;

impl<T, E> Classify<T, E> for AnyError {
    fn classify(&self, result: Result<&T, &E>) -> Verdict {
        match result {
            Ok(_) => Verdict::Accept,
            Err(_) => Verdict::Retry,
        }
    }
}

/// An error that knows what it calls for.
///
/// ```
/// use seawall_guard::retry::{Retryable, Verdict};
///
/// enum PaymentError {
///     Refused,
///     Unreachable,
///     CircuitOpen,
/// }
///
/// impl Retryable for PaymentError {
///     fn verdict(&self) -> Verdict {
///         match self {
///             Self::Refused => Verdict::Refuse,
///             Self::Unreachable => Verdict::Retry,
///             Self::CircuitOpen => Verdict::BreakerOpen,
///         }
///     }
/// }
/// ```
pub trait Retryable {
    fn verdict(&self) -> Verdict;
}

impl Retryable for TimedOut {
    fn verdict(&self) -> Verdict {
        match self {
            Self::Attempt(_) => Verdict::Retry,
            Self::Deadline => Verdict::Refuse,
        }
    }
}

/// Each error says what it calls for, and each answer is accepted.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct ByError;

impl<T, E: Retryable> Classify<T, E> for ByError {
    fn classify(&self, result: Result<&T, &E>) -> Verdict {
        result.map_or_else(Retryable::verdict, |_| Verdict::Accept)
    }
}
