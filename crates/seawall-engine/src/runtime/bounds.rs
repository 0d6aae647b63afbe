//! What a value from outside may measure.

use serde_json::Value;

use crate::datum::weight;
use crate::executor::{Outcome, StepError};
use crate::journal::{MAX_VALUE_DEPTH, deeper_than};

/// Bytes of JSON, about: the input of a run, the output of a step, the payload of a signal.
pub(crate) const MAX_VALUE: usize = 1024 * 1024;
/// Levels. Templates put a value into others, up to 32 levels more, and the journal reads back no more than 100.
pub(crate) const MAX_DEPTH: usize = 64;

const _: () = assert!(
    MAX_DEPTH + 32 < MAX_VALUE_DEPTH,
    "the journal must read back what it was given"
);

/// Why a value is refused: its code and a message.
pub(crate) fn excess(value: &Value) -> Option<(&'static str, &'static str)> {
    if weight(value) > MAX_VALUE {
        return Some(("too-large", "is more than 1 MiB of JSON"));
    }
    deeper_than(value, MAX_DEPTH).then_some(("too-deep", "is nested more than 64 levels deep"))
}

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

/// The error of a step whose output is refused.
pub(crate) fn refusal(code: &'static str, message: &'static str) -> StepError {
    StepError::permanent(format!("output-{code}"), format!("the output {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
