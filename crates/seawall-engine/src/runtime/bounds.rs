//! What a value from outside may measure.

use seawall_store::RunStatus;

use crate::core::Message;
pub(crate) use crate::datum::excess;
use crate::datum::{Datum, MAX_DEPTH};
use crate::executor::{Outcome, StepError};
use crate::journal::MAX_VALUE_DEPTH;

const _: () = assert!(
    MAX_DEPTH + 32 < MAX_VALUE_DEPTH,
    "the journal must read back what it was given"
);

/// An output beyond the bounds is a failure: the attempt has finished, so it is known.
pub(crate) fn bounded(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Succeeded(output) => match excess(&output) {
            None => Outcome::Succeeded(output),
            Some((code, message)) => Outcome::Failed(refusal(code, message)),
        },
        outcome => outcome,
    }
}

/// A child's output is this run's step output, and bounded like any other.
pub(crate) fn usable(message: Message) -> Message {
    match message {
        Message::ChildEnded {
            child,
            activity,
            generation,
            round,
            output,
            ..
        } if let Some((code, reason)) = excess(output.json()) => Message::ChildEnded {
            child,
            activity,
            generation,
            round,
            status: RunStatus::Failed,
            output: Datum::null(),
            error: Some(refusal(code, reason)),
        },
        message => message,
    }
}

/// The error of a step whose output is refused.
fn refusal(code: &'static str, message: &'static str) -> StepError {
    StepError::permanent(format!("output-{code}"), format!("the output {message}"))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::datum::MAX_VALUE;

    fn nested(levels: usize) -> Value {
        (0..levels).fold(Value::Null, |inner, _| Value::Array(vec![inner]))
    }

    #[test]
    fn the_deepest_allowed_value_passes_and_one_level_more_does_not() {
        assert_eq!(excess(&nested(MAX_DEPTH)), None);
        assert_eq!(excess(&nested(MAX_DEPTH + 1)).map(|(code, _)| code), Some("too-deep"));
    }

    #[test]
    fn an_output_that_is_too_large_is_a_failure_that_is_not_repeated() {
        let outcome = bounded(Outcome::Succeeded(Value::String("x".repeat(MAX_VALUE))));
        let Outcome::Failed(error) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!((&*error.code, error.retryable), ("output-too-large", false));
    }
}
