use std::time::Duration;

/// Whose time was over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TimedOut {
    /// The attempt's own. Another one may be faster.
    #[error("no answer within {} ms", .0.as_millis())]
    Attempt(Duration),
    /// That of all attempts together, or of the request on whose behalf the call was made.
    #[error("no answer before the deadline")]
    Deadline,
}

/// The errors of the readiness probe are text.
#[cfg(all(test, feature = "problem"))]
impl From<TimedOut> for &'static str {
    fn from(timed_out: TimedOut) -> Self {
        match timed_out {
            TimedOut::Attempt(_) => "attempt timed out",
            TimedOut::Deadline => "deadline passed",
        }
    }
}
