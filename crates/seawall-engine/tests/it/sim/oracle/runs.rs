//! What each run's own journal must be like, and how it agrees with what happened outside.

use std::collections::{BTreeMap, BTreeSet};

use seawall_engine::store::RunId;
use seawall_engine::{EffectClass, JournalItem};

use crate::sim::effects::Begun;
use crate::sim::journal::{Fact, activity, fact, facts_of, text};
use crate::sim::oracle::{Ended, Findings, Seen};

/// Of one run alone.
pub(super) fn judge(ended: &Ended, seen: &Seen, found: &mut Findings) {
    ends_well(ended, found);
    recorded_once(ended, found);
    once_is_once(ended, seen, found);
    keys_stay(ended, seen, found);
}

pub(super) fn waits_for_durability(begun: &Begun) -> bool {
    matches!(begun.effect, EffectClass::Once | EffectClass::Idempotent)
}

fn ends_well(ended: &Ended, found: &mut Findings) {
    let record = &ended.record;
    let (run, status) = (record.id, record.projection.status);
    found.unless(status.is_terminal(), || {
        format!("{run} is stranded: {status}, due {:?}", record.due)
    });
    found.unless(record.holder.is_none(), || {
        format!("{run} is held by {:?} after every node has left", record.holder)
    });
    let ends = ["run.succeeded", "run.failed", "run.cancelled"];
    // One that has succeeded may have been asked once more what it came to, and of one that has not a retry may have come to
    // nothing.
    let asks = ["run.retry_requested", "run.retry_withdrawn"];
    let of_run = |item: &&JournalItem| item.kind.starts_with("run.") && !asks.contains(&item.kind);
    let last = ended.journal.iter().rev().find(of_run);
    found.unless(last.is_some_and(|item| ends.contains(&item.kind)), || {
        format!("{run} has ended, and its journal does not say so")
    });
}

/// Attempts, signals and decisions each stand in the journal once.
fn recorded_once(ended: &Ended, found: &mut Findings) {
    let run = ended.record.id;
    let mut seen = BTreeSet::new();
    for item in &ended.journal {
        // A child that is retried ends once more.
        if let ("child.retried", Some(child)) = (item.kind, text(item, "child_id")) {
            seen.remove(&format!("child.finished {child}"));
        }
        let key = match (item.kind, fact(item)) {
            (_, Some(Fact::Started(number))) => activity(item).map(|of| format!("attempt {of} {number}")),
            ("signal.received", _) => {
                let (name, id) = (text(item, "name"), text(item, "id"));
                name.zip(id).map(|(name, id)| format!("signal {name} {id}"))
            }
            ("approval.requested" | "approval.decided", _) => {
                text(item, "approval_id").map(|id| format!("{} {id}", item.kind))
            }
            ("child.started" | "child.finished", _) => text(item, "child_id").map(|id| format!("{} {id}", item.kind)),
            ("task.offered" | "task.claimed", _) => text(item, "task_id").map(|id| format!("{} {id}", item.kind)),
            _ => None,
        };
        if let Some(key) = key {
            found.unless(seen.insert(key.clone()), || format!("{run}: {key} is recorded twice"));
        }
    }
}

/// No attempt of a `once` step starts while an earlier one is under way or unknown.
fn once_is_once(ended: &Ended, seen: &Seen, found: &mut Findings) {
    let run = ended.record.id;
    let own = seen.effects.iter();
    let own = own.filter(|begun| begun.run == run && begun.effect == EffectClass::Once);
    let tasks = seen.tasks.0.values().filter(|had| had.run == run && had.once);
    let activities = own.map(|begun| &*begun.activity).chain(tasks.map(|had| &*had.activity));
    let activities: BTreeSet<&str> = activities.collect();
    for of in activities {
        let mut before = None;
        for (place, fact) in facts_of(&ended.journal, of) {
            if let Fact::Started(number) = fact {
                let bad = matches!(
                    before,
                    Some(Fact::Started(_) | Fact::Succeeded | Fact::Unknown | Fact::Resolved { again: false })
                );
                found.unless(!bad, || {
                    format!("{run}: {of} attempt {number} at {place} follows {before:?}")
                });
            }
            before = Some(fact);
        }
    }
}

/// A key stands for one effect: it stays over attempts and crashes, until somebody says that the effect does not count.
fn keys_stay(ended: &Ended, seen: &Seen, found: &mut Findings) {
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (run, of, key) in seen.keys() {
        if run == ended.record.id {
            keys.entry(of).or_default().insert(key);
        }
    }
    for (of, keys) in keys {
        // It asks anew each time: under its old key the other side might only repeat what it said.
        if of.ends_with(".reconcile") {
            continue;
        }
        let facts = facts_of(&ended.journal, of);
        let again = facts
            .iter()
            .filter(|(_, fact)| matches!(fact, Fact::Retried | Fact::Resolved { again: true }));
        found.unless(keys.len() <= 1 + again.count(), || {
            format!("{}: {of} was sent under {} keys", ended.record.id, keys.len())
        });
    }
}

pub(super) fn effect_agrees(begun: &Begun, ended: &Ended, found: &mut Findings) {
    if !waits_for_durability(begun) {
        return;
    }
    let facts = facts_of(&ended.journal, &begun.activity);
    let start = facts.iter().position(|(_, fact)| *fact == Fact::Started(begun.number));
    let Some(start) = start else {
        found.0.push(format!("{begun:?} is not in the journal"));
        return;
    };
    found.unless(facts[start].0 <= begun.durable.0, || {
        format!(
            "{begun:?} began before its StepStarted at {} was durable",
            facts[start].0
        )
    });
    if begun.effect != EffectClass::Once {
        return;
    }
    let settled = facts.get(start + 1).map(|(_, fact)| *fact);
    let agrees = match settled {
        Some(Fact::Unknown) => true,
        Some(Fact::Succeeded) => begun.said == Some("succeeded"),
        Some(Fact::Failed) => begun.said == Some("failed"),
        _ => false,
    };
    found.unless(agrees, || format!("{begun:?} is settled as {settled:?}"));
}

/// What a parent says of a child is what the child says of itself.
pub(super) fn children_agree(ended: &Ended, by_id: &BTreeMap<RunId, &Ended>, seen: &Seen, found: &mut Findings) {
    let run = ended.record.id;
    let of_children = ended.journal.iter().enumerate();
    for (place, item) in of_children.filter(|(_, item)| item.kind.starts_with("child.")) {
        let child = text(item, "child_id").and_then(|id| id.parse().ok());
        let Some(child) = child.and_then(|id: RunId| by_id.get(&id)) else {
            if child.is_some_and(|id| seen.gone.contains(&id)) {
                continue;
            }
            found.0.push(format!(
                "{run}: the child of {} at {} does not exist",
                item.kind, item.seq
            ));
            continue;
        };
        let child_id = text(item, "child_id");
        let mut after = ended.journal.iter().skip(place + 1);
        let again = |later: &JournalItem| later.kind == "child.retried" && text(later, "child_id") == child_id;
        if item.kind == "child.finished" && !after.any(again) {
            let own = child.record.projection.status;
            let told = text(item, "status");
            found.unless(told.as_deref() == Some(own.as_str()), || {
                format!("{run}: its child {} is {own}, not {told:?}", child.record.id)
            });
        }
    }
}
