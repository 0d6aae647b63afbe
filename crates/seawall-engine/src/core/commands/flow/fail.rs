//! Failure of an attempt: another attempt, or the end of the activity.

use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{backoff, scope, stop};
use crate::core::event::Event;
use crate::core::state::Slot;
use crate::datum::{Datum, excess};
use crate::definition::{OnError, RetryPolicy, Step};
use crate::effect::EffectClass;
use crate::executor::StepError;

/// How an attempt failed.
pub(in crate::core::commands) struct Failure {
    error: StepError,
    in_doubt: bool,
    /// The effect took place, or was refused, for certain.
    finished: bool,
}

impl Failure {
    pub(in crate::core::commands) const fn not_begun(error: StepError) -> Self {
        Self {
            error,
            in_doubt: false,
            finished: false,
        }
    }

    pub(in crate::core::commands) const fn finished(error: StepError) -> Self {
        Self {
            error,
            in_doubt: false,
            finished: true,
        }
    }

    pub(in crate::core::commands) const fn in_doubt(error: StepError) -> Self {
        Self {
            error,
            in_doubt: true,
            finished: false,
        }
    }
}

/// A failure that is not repeated: a bad template, a wait that ended badly.
pub(in crate::core::commands) fn fail(draft: &mut Draft<'_>, slot: Slot, error: StepError) {
    fail_with(
        draft,
        slot,
        Failure::finished(StepError {
            retryable: false,
            ..error
        }),
    );
}

/// Decides whether there is another attempt.
pub(in crate::core::commands) fn fail_with(draft: &mut Draft<'_>, slot: Slot, failure: Failure) {
    let activity = draft.state.name(slot);
    let retry_at = if stop::is_being_stopped(draft.state, slot) {
        None
    } else {
        retry_at(draft, slot, &failure)
    };
    let replaced_by = if retry_at.is_none() && slot == Slot::step(slot.step) {
        replacement(draft, slot)
    } else {
        None
    };
    let Failure {
        mut error, in_doubt, ..
    } = failure;
    let replaced_by = match replaced_by.transpose() {
        Ok(replaced_by) => replaced_by,
        Err(template) => {
            error = template;
            None
        }
    };
    let first = slot.is_main() && slot.item.is_some() && !stop::map_failed(draft.state, slot.step);
    draft.emit(Event::StepFailed {
        activity,
        error,
        in_doubt,
        retry_at,
        replaced_by,
    });
    if first && stop::map_failed(draft.state, slot.step) {
        stop::stop_items(draft, slot.step);
    }
}

fn retry_at(draft: &Draft<'_>, slot: Slot, failure: &Failure) -> Option<seawall_store::Timestamp> {
    let step = draft.state.doing(slot);
    let failures = draft.state.at(slot)?.failures;
    let again = failures.saturating_add(1) < step.retry.max_attempts && is_covered(step, &step.retry, failure);
    let delay = backoff::delay(&step.retry.backoff, failures, draft.random(slot));
    let delay = delay.max(failure.error.retry_after.unwrap_or_default());
    again.then(|| draft.now().saturating_add(delay))
}

fn is_covered(step: &Step, policy: &RetryPolicy, failure: &Failure) -> bool {
    match &policy.on {
        // Named by its code, an error is tried again even where that is usually useless: whoever waits for something to
        // appear names the 404.
        Some(codes) => codes.iter().any(|code| {
            if code == "any" {
                failure.error.retryable
            } else {
                matches(code, &failure.error.code)
            }
        }),
        // It happened, or was refused: a `once` effect is not repeated unless its author says on what.
        None => failure.error.retryable && !(step.effect == EffectClass::Once && failure.finished),
    }
}

/// The code itself, a class of it (`http-status-5xx`), or how it begins (`exit-code-*`). What may stand here, validation says.
fn matches(pattern: &str, code: &str) -> bool {
    if pattern == code {
        return true;
    }
    if let Some(prefix) = pattern.strip_suffix('*') {
        return code.starts_with(prefix);
    }
    let class = pattern.strip_suffix("xx").and_then(|prefix| code.strip_prefix(prefix));
    class.is_some_and(|rest| rest.len() == 2 && rest.bytes().all(|b| b.is_ascii_digit()))
}

/// The output of `on_error: {value}`. A template that fails makes its own error the step's.
fn replacement(draft: &Draft<'_>, slot: Slot) -> Option<Result<Datum, StepError>> {
    let OnError::Value(template) = &draft.state.definition.steps[slot.step].on_error else {
        return None;
    };
    let rendered = template.render(&scope::for_activity(draft.state, slot));
    Some(rendered.and_then(|rendered| match excess(&rendered.value) {
        None => Ok(Datum::new(rendered.value)),
        // As any output of a step.
        Some((code, message)) => Err(StepError::permanent(
            format!("output-{code}"),
            format!("the value of `on_error` {message}"),
        )),
    }))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_retry_pattern_names_a_code_or_a_class_of_codes() {
        assert!(matches("timeout", "timeout"));
        assert!(matches("http-status-5xx", "http-status-503"));
        assert!(matches("exit-code-*", "exit-code-75"));
        assert!(matches("http-status-5*", "http-status-503"));
        assert!(!matches("http-status-5*", "http-status-404"));
        assert!(!matches("exit-code-*", "killed-by-signal-9"));
        assert!(!matches("http-status-5xx", "http-status-404"));
        assert!(!matches("http-status-5xx", "http-status-5"));
        assert!(!matches("timeout", "time"));
    }
}
