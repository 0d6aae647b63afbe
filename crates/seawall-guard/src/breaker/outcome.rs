use std::time::Duration;

/// How a call ended, as far as its breaker cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It counts as good and ends a row of failures.
    Success,
    /// It counts as failed, lengthens a row of failures, and fails a probe.
    Failure {
        /// The time before which it should not be tried again: the breaker opens until then.
        retry_after: Option<Duration>,
    },
    /// There were too many calls (429). It counts as failed and fails a probe, but is nothing to a row of failures: neither does
    /// it lengthen it, nor does it end it.
    Throttled {
        /// As in [`Outcome::Failure`].
        retry_after: Option<Duration>,
    },
    /// It says nothing about who was called: the caller's own mistake. It does not count; a probe gives its permit back.
    Ignored,
}

impl Outcome {
    /// A failure that names no time.
    pub const FAILURE: Self = Self::Failure { retry_after: None };

    pub(super) const fn failed(self) -> bool {
        matches!(self, Self::Failure { .. } | Self::Throttled { .. })
    }

    /// None where it names no time, or one that is now.
    pub(super) fn retry_after(self) -> Option<Duration> {
        let (Self::Failure { retry_after } | Self::Throttled { retry_after }) = self else {
            return None;
        };
        retry_after.filter(|wait| !wait.is_zero())
    }
}
