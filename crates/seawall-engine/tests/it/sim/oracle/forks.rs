//! Forks: they have of the other run what that has settled, and do the rest themselves.

use std::collections::{BTreeMap, BTreeSet};

use seawall_engine::JournalItem;
use seawall_engine::store::RunId;
use serde_json::Value;

use crate::sim::journal::{activity, text};
use crate::sim::oracle::{Ended, Findings};

pub(super) fn judge(ended: &Ended, by_id: &BTreeMap<RunId, &Ended>, found: &mut Findings) {
    let run = ended.record.id;
    let Some(forked) = ended.journal.iter().find(|item| item.kind == "run.forked") else {
        let copied = ended.journal.iter().any(|item| item.kind == "step.copied");
        found.unless(!copied, || format!("{run} is no fork and has copied steps"));
        return;
    };
    found.unless(forked.seq.0 == 2, || format!("{run} was forked at {}", forked.seq));
    let from = text(forked, "from_step").unwrap_or_default();
    let again = with_descendants(&ended.definition, &from);
    let source = text(forked, "run_id").and_then(|id| id.parse::<RunId>().ok());
    let source = source.and_then(|id| by_id.get(&id));
    for copied in ended.journal.iter().filter(|item| item.kind == "step.copied") {
        let step = activity(copied).unwrap_or_default();
        found.unless(!again.contains(&step), || {
            format!("{run}: {step} is copied, and {from} comes before it")
        });
        let mut own = ended.journal.iter().filter(|item| item.kind == "step.started");
        let started = own.any(|item| activity(item).is_some_and(|of| is_of(&of, &step)));
        found.unless(!started, || format!("{run}: {step} is copied and done again"));
        // The other run may have been forgotten.
        if let Some(source) = source {
            let settled = source.journal.iter().any(|item| is_source(item, copied, &step));
            found.unless(settled, || {
                format!("{run}: {step} is not what {} has settled", source.record.id)
            });
        }
    }
}

/// The step itself, an item of it, or a part.
fn is_of(activity: &str, step: &str) -> bool {
    activity
        .strip_prefix(step)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
}

/// Whether this event settles the step as it was copied.
fn is_source(item: &JournalItem, copied: &JournalItem, step: &str) -> bool {
    if activity(item).as_deref() != Some(step) {
        return false;
    }
    let status = copied.data["status"].as_str();
    match item.kind {
        "step.copied" => item.data == copied.data,
        // Of a map the output is put together from its items.
        "step.succeeded" => {
            let output = item.data.get("output");
            status == Some("succeeded") && output.is_none_or(|output| *output == copied.data["output"])
        }
        "step.failed" => match item.data.get("replaced_by") {
            Some(output) => status == Some("succeeded") && *output == copied.data["output"],
            None => status == Some("failed"),
        },
        "step.skipped" => status == Some("skipped"),
        _ => false,
    }
}

fn with_descendants(definition: &Value, from: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([from.to_owned()]);
    // A step needs only such that stand before it.
    for step in definition["steps"].as_array().into_iter().flatten() {
        let needs = step["needs"].as_array().into_iter().flatten();
        if needs.filter_map(Value::as_str).any(|need| found.contains(need)) {
            found.extend(step["id"].as_str().map(str::to_owned));
        }
    }
    found
}
