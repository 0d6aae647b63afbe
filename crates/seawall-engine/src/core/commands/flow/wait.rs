//! The kinds that wait: sleep, signal, approval, child run.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil;
use seawall_store::Timestamp;
use serde_json::Value;

use crate::core::command::Action;
use crate::core::commands::decision::Draft;
use crate::core::commands::flow::{fail, scope, start};
use crate::core::commands::signal as signals;
use crate::core::event::{ApprovalRequested, Event};
use crate::core::state::{RunState, Slot};
use crate::datum::{Datum, excess};
use crate::definition::{self, Approval, ChildWorkflow, Kind, MAX_SIGNAL_NAME, SleepTime, Step, Template};
use crate::executor::{StepError, bounded_to};
use crate::names::approval_id;

/// Children of children of children …: at most this deep.
const MAX_DEPTH: u32 = 16;
const MAX_MESSAGE: usize = 16 * 1024;
const MAX_DECIDERS: usize = 100;

pub(super) fn sleep(draft: &mut Draft<'_>, slot: Slot, step: &Step, time: &SleepTime) {
    let scope = scope::for_activity(draft.state, slot);
    let until = match time {
        SleepTime::For(template) => text(template, &scope).and_then(|text| {
            let length = definition::parse_duration(&text).map_err(|error| invalid("duration", &text, &error))?;
            Ok(draft.now().saturating_add(length))
        }),
        SleepTime::Until(template) => text(template, &scope).and_then(|text| instant(&text)),
    };
    match until {
        Ok(until) => {
            // Only a sleep that its timeout cuts short has a deadline: then its timer is the end of the wait.
            let deadline = end_of(draft, step.timeout).filter(|end| *end < until);
            let until = deadline.unwrap_or(until);
            start::started(draft, slot, None, deadline);
            let activity = draft.state.name(slot);
            draft.emit(Event::TimerSet { activity, until });
        }
        Err(error) => fail(draft, slot, error),
    }
}

pub(super) fn signal(draft: &mut Draft<'_>, slot: Slot, step: &Step, name: &Template) {
    let name = match text(name, &scope::for_activity(draft.state, slot)) {
        Ok(name) if name.is_empty() || name.len() > MAX_SIGNAL_NAME => {
            let message = format!("a signal's name is 1 to {MAX_SIGNAL_NAME} bytes");
            return fail(draft, slot, StepError::permanent("signal-name", message));
        }
        Ok(name) => name,
        Err(error) => return fail(draft, slot, error),
    };
    let until = end_of(draft, step.timeout);
    start::started(draft, slot, None, until);
    let activity = draft.state.name(slot);
    draft.emit(Event::SignalAwaited {
        activity,
        name: name.clone(),
        until,
    });
    signals::deliver(draft, slot, &name);
}

pub(super) fn approval(draft: &mut Draft<'_>, slot: Slot, step: &Step, approval: &Approval) {
    let scope = scope::for_activity(draft.state, slot);
    let asked = text(&approval.message, &scope).and_then(|message| {
        let deciders = approval
            .deciders
            .as_ref()
            .map_or(Ok(Vec::new()), |template| strings(template, &scope))?;
        Ok((bounded_to(MAX_MESSAGE, message), deciders))
    });
    let (message, deciders) = match asked {
        Ok(asked) => asked,
        Err(error) => return fail(draft, slot, error),
    };
    let expires_at = end_of(draft, step.timeout);
    start::started(draft, slot, None, expires_at);
    let activity = draft.state.name(slot);
    // The attempt, not the generation: what was decided once stays decided.
    let attempt = draft.state.at(slot).map_or(0, |state| state.attempts);
    let approval = approval_id(draft.state.run, &activity, attempt);
    draft.emit(Event::ApprovalRequested(Box::new(ApprovalRequested {
        activity,
        approval,
        message,
        deciders,
        expires_at,
    })));
}

pub(super) fn child(draft: &mut Draft<'_>, slot: Slot, step: &Step) {
    if draft.state.depth >= MAX_DEPTH {
        let error = StepError::permanent("too-deep", format!("child runs are nested at most {MAX_DEPTH} deep"));
        return fail(draft, slot, error);
    }
    let until = end_of(draft, step.timeout);
    start::started(draft, slot, None, until);
    let begun = draft.state.at(slot).and_then(|own| own.child.as_ref());
    match begun.filter(|begun| begun.again).map(|begun| begun.run) {
        // It stays as long as this run does, so that it can be retried.
        Some(child) => {
            let activity = draft.state.name(slot);
            draft.emit(Event::ChildRetried { activity, child });
        }
        None => find_child(draft, slot),
    }
}

/// Asks for the child's definition; the answer is [`crate::core::Command::StartChild`].
pub(in crate::core::commands) fn find_child(draft: &mut Draft<'_>, slot: Slot) {
    let definition = Arc::clone(&draft.state.definition);
    let Some(child) = child_of(&definition, slot) else {
        return;
    };
    let scope = scope::for_activity(draft.state, slot);
    let wanted = text(&child.workflow, &scope).and_then(|workflow| Ok((workflow, version(child, &scope)?)));
    match wanted {
        Ok((workflow, version)) => {
            let activity = draft.state.name(slot);
            let attempt = draft.state.at(slot).map_or(1, |state| state.attempts);
            draft.act(Action::FindChild {
                activity,
                attempt,
                workflow,
                version,
            });
        }
        Err(error) => fail(draft, slot, error),
    }
}

/// The input that the child gets: rendered when the child is written, from the same state. It is bounded as that of a run
/// that a client creates: what the child puts round it would grow from child to child.
pub(in crate::core::commands) fn child_input(state: &RunState, slot: Slot) -> Result<Datum, StepError> {
    let Some(ChildWorkflow { input: Some(input), .. }) = child_of(&state.definition, slot) else {
        return Ok(Datum::new(Value::Object(serde_json::Map::new())));
    };
    let input = input.render(&scope::for_activity(state, slot))?.value;
    match excess(&input) {
        None => Ok(Datum::new(input)),
        Some((code, message)) => {
            let message = format!("the input of the child run {message}");
            Err(StepError::permanent(format!("input-{code}"), message))
        }
    }
}

fn child_of(definition: &definition::Definition, slot: Slot) -> Option<&ChildWorkflow> {
    if let Kind::Workflow(child) = &slot.doing(definition).kind {
        Some(child)
    } else {
        None
    }
}

fn version(child: &ChildWorkflow, scope: &definition::Scope) -> Result<Option<u32>, StepError> {
    let Some(template) = &child.version else {
        return Ok(None);
    };
    let value = template.render(scope)?.value;
    let version = value
        .as_u64()
        .and_then(|version| u32::try_from(version).ok())
        .filter(|version| *version > 0);
    match (version, value) {
        (None, Value::Null) => Ok(None),
        (None, value) => Err(StepError::permanent(
            "workflow-version",
            format!("{value} is not a version"),
        )),
        (version, _) => Ok(version),
    }
}

fn end_of(draft: &Draft<'_>, timeout: Option<Duration>) -> Option<Timestamp> {
    timeout.map(|timeout| draft.now().saturating_add(timeout))
}

fn text(template: &Template, scope: &definition::Scope) -> Result<String, StepError> {
    Ok(text_of(&template.render(scope)?.value))
}

/// A value as text: strings as they are, everything else as JSON.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn strings(template: &Template, scope: &definition::Scope) -> Result<Vec<String>, StepError> {
    let Value::Array(items) = template.render(scope)?.value else {
        return Err(StepError::permanent("deciders", "deciders must be a list of strings"));
    };
    // Nobody at all could decide with none.
    if items.is_empty() || items.len() > MAX_DECIDERS {
        return Err(StepError::permanent(
            "deciders",
            format!("deciders are 1 to {MAX_DECIDERS}, not {}", items.len()),
        ));
    }
    Ok(items.iter().map(text_of).collect())
}

fn instant(text: &str) -> Result<Timestamp, StepError> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    let parsed = parsed.or_else(|error| {
        // A date alone means its beginning in UTC.
        let date: civil::Date = text.parse().map_err(|_| error)?;
        date.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp())
    });
    match parsed {
        Ok(at) => Ok(Timestamp::from_millis(at.as_millisecond())),
        Err(error) => Err(invalid("instant", text, &error)),
    }
}

fn invalid(what: &str, text: &str, error: &dyn std::fmt::Display) -> StepError {
    let shown: String = text.chars().take(100).collect();
    StepError::permanent(
        format!("invalid-{what}"),
        format!("{shown:?} is not a valid {what}: {error}"),
    )
}
