//! A run's journal as the oracle reads it.

use seawall_engine::JournalItem;
use serde_json::Value;

/// What an event says of one activity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fact {
    Started(u32),
    Succeeded,
    Failed,
    Unknown,
    Deferred,
    Cancelled,
    Resolved {
        again: bool,
    },
    /// Of the whole run.
    Retried,
}

/// The activity that an event is about, as `ActivityRef` writes it.
pub(crate) fn activity(item: &JournalItem) -> Option<String> {
    named(&item.data)
}

/// The activity in these fields.
pub(crate) fn named(fields: &Value) -> Option<String> {
    let step = fields.get("step_id")?.as_str()?;
    let mut name = match fields.get("item").and_then(Value::as_u64) {
        Some(index) => format!("{step}[{index}]"),
        None => step.to_owned(),
    };
    if let Some(part) = fields.get("part").and_then(Value::as_str) {
        name.push('.');
        name.push_str(part);
    }
    Some(name)
}

/// A text in an event's fields.
pub(crate) fn text(item: &JournalItem, field: &str) -> Option<String> {
    item.data.get(field).and_then(Value::as_str).map(str::to_owned)
}

/// What it says of attempts.
pub(crate) fn fact(item: &JournalItem) -> Option<Fact> {
    Some(match item.kind {
        "step.started" => {
            let number = item.data.get("attempt").and_then(Value::as_u64).unwrap_or(0);
            Fact::Started(u32::try_from(number).unwrap_or(u32::MAX))
        }
        "step.succeeded" => Fact::Succeeded,
        "step.failed" => Fact::Failed,
        "step.outcome_unknown" => Fact::Unknown,
        "step.deferred" => Fact::Deferred,
        "step.cancelled" => Fact::Cancelled,
        "step.outcome_resolved" => Fact::Resolved {
            again: item.data.get("outcome") == Some(&Value::from("retry")),
        },
        "run.retried" => Fact::Retried,
        _ => return None,
    })
}

/// Everything about one activity, in order, with its place.
pub(crate) fn facts_of(journal: &[JournalItem], of: &str) -> Vec<(u64, Fact)> {
    journal
        .iter()
        .filter(|item| item.kind == "run.retried" || activity(item).is_some_and(|activity| activity == of))
        .filter_map(|item| Some((item.seq.0, fact(item)?)))
        .collect()
}
