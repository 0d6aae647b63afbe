//! Whether a story may end like this. It looks at the rows, the journals, the log of the effects, and at what clients were
//! told, and knows nothing of how the runtime works.

use std::collections::{BTreeMap, BTreeSet};

use seawall_engine::store::{RunId, RunRecord};
use seawall_engine::{EffectClass, Engine, JournalItem, Principal};
use serde_json::Value;

use crate::sim::book::Page;
use crate::sim::effects::Begun;
use crate::sim::journal::{Fact, activity, fact, facts_of};

/// One run as it stands in the end.
pub(crate) struct Ended {
    pub(crate) record: RunRecord,
    pub(crate) journal: Vec<JournalItem>,
}

/// Everything that is not as it must be.
#[derive(Default)]
pub(crate) struct Findings(pub(crate) Vec<String>);

impl Findings {
    fn unless(&mut self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.0.push(text());
        }
    }
}

/// Reads a run and looks at what can be seen of it alone: the journal has no hole and replays to the row.
pub(crate) async fn read(engine: &Engine, me: &Principal, record: RunRecord, found: &mut Findings) -> Ended {
    let run = record.id;
    let (journal, _) = engine
        .journal(me, run, seawall_engine::store::Seq(0), usize::MAX)
        .await
        .expect("the journal is readable in calm weather");
    let view = engine.run(me, run).await.expect("the run is readable in calm weather");
    let places = journal.iter().map(|item| item.seq.0);
    found.unless(places.eq(1..=record.last_seq.0), || {
        format!("{run}: its journal has a hole")
    });
    found.unless(!view.steps.is_empty(), || {
        format!("{run}: its journal cannot be replayed")
    });
    let row = &record.projection;
    let replayed = (
        view.status,
        view.awaits,
        view.total_steps,
        view.completed_steps,
        view.started_at,
        view.finished_at,
    );
    let stored = (
        row.status,
        row.awaits,
        row.total_steps,
        row.completed_steps,
        row.started_at,
        row.finished_at,
    );
    found.unless(replayed == stored, || {
        format!("{run}: its journal gives {replayed:?}, its row says {stored:?}")
    });
    Ended { record, journal }
}

/// Looks at everything together.
pub(crate) fn judge(runs: &[Ended], effects: &[Begun], book: &Page, found: &mut Findings) {
    let by_id: BTreeMap<RunId, &Ended> = runs.iter().map(|ended| (ended.record.id, ended)).collect();
    for ended in runs {
        ends_well(ended, found);
        recorded_once(ended, found);
        once_is_once(ended, effects, found);
        keys_stay(ended, effects, found);
        children_agree(ended, &by_id, found);
    }
    for begun in effects {
        match by_id.get(&begun.run) {
            Some(ended) => effect_agrees(begun, ended, found),
            // A pure or read step may run before the run is durable, and its creation may fail.
            None => found.unless(!waits_for_durability(begun), || format!("{begun:?} is of no run")),
        }
    }
    acknowledged(runs, &by_id, book, found);
}

fn waits_for_durability(begun: &Begun) -> bool {
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
    let last = ended.journal.iter().rev().find(|item| item.kind.starts_with("run."));
    found.unless(last.is_some_and(|item| ends.contains(&item.kind)), || {
        format!("{run} has ended, and its journal does not say so")
    });
}

/// Attempts, signals and decisions each stand in the journal once.
fn recorded_once(ended: &Ended, found: &mut Findings) {
    let run = ended.record.id;
    let mut seen = BTreeSet::new();
    for item in &ended.journal {
        let key = match (item.kind, fact(item)) {
            (_, Some(Fact::Started(number))) => activity(item).map(|of| format!("attempt {of} {number}")),
            ("signal.received", _) => text(item, "id").map(|id| format!("signal {id}")),
            ("approval.requested" | "approval.decided", _) => {
                text(item, "approval_id").map(|id| format!("{} {id}", item.kind))
            }
            ("child.started" | "child.finished", _) => text(item, "child_id").map(|id| format!("{} {id}", item.kind)),
            _ => None,
        };
        if let Some(key) = key {
            found.unless(seen.insert(key.clone()), || format!("{run}: {key} is recorded twice"));
        }
    }
}

fn text(item: &JournalItem, field: &str) -> Option<String> {
    item.data.get(field).and_then(Value::as_str).map(str::to_owned)
}

/// No attempt of a `once` step starts while an earlier one is under way or unknown.
fn once_is_once(ended: &Ended, effects: &[Begun], found: &mut Findings) {
    let run = ended.record.id;
    let own = effects
        .iter()
        .filter(|begun| begun.run == run && begun.effect == EffectClass::Once);
    let activities: BTreeSet<&str> = own.map(|begun| &*begun.activity).collect();
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
fn keys_stay(ended: &Ended, effects: &[Begun], found: &mut Findings) {
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for begun in effects.iter().filter(|begun| begun.run == ended.record.id) {
        keys.entry(&begun.activity).or_default().insert(&begun.key);
    }
    for (of, keys) in keys {
        let facts = facts_of(&ended.journal, of);
        let again = facts
            .iter()
            .filter(|(_, fact)| matches!(fact, Fact::Retried | Fact::Resolved { again: true }));
        found.unless(keys.len() <= 1 + again.count(), || {
            format!("{}: {of} was sent under {} keys", ended.record.id, keys.len())
        });
    }
}

fn effect_agrees(begun: &Begun, ended: &Ended, found: &mut Findings) {
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
fn children_agree(ended: &Ended, by_id: &BTreeMap<RunId, &Ended>, found: &mut Findings) {
    let run = ended.record.id;
    for item in ended.journal.iter().filter(|item| item.kind.starts_with("child.")) {
        let child = text(item, "child_id").and_then(|id| id.parse().ok());
        let Some(child) = child.and_then(|id: RunId| by_id.get(&id)) else {
            found.0.push(format!(
                "{run}: the child of {} at {} does not exist",
                item.kind, item.seq
            ));
            continue;
        };
        if item.kind == "child.finished" {
            let own = child.record.projection.status;
            let told = text(item, "status");
            found.unless(told.as_deref() == Some(own.as_str()), || {
                format!("{run}: its child {} is {own}, not {told:?}", child.record.id)
            });
        }
    }
}

/// What clients were told holds.
fn acknowledged(runs: &[Ended], by_id: &BTreeMap<RunId, &Ended>, book: &Page, found: &mut Findings) {
    let mut made: BTreeMap<u64, Vec<RunId>> = BTreeMap::new();
    for ended in runs.iter().filter(|ended| ended.record.parent.is_none()) {
        let request = ended
            .journal
            .first()
            .and_then(|item| item.data.get("input")?.get("request")?.as_u64());
        made.entry(request.unwrap_or(0)).or_default().push(ended.record.id);
    }
    for (request, acknowledged) in &book.created {
        for run in acknowledged {
            found.unless(by_id.contains_key(run), || {
                format!("{run} was acknowledged and is lost")
            });
            let own = made.get(request).is_some_and(|made| made.contains(run));
            found.unless(own, || format!("{run} is not of the request {request}"));
        }
    }
    for request in &book.keyed {
        let made = made.get(request).map_or(0, Vec::len);
        found.unless(made <= 1, || {
            format!("the request {request} with a key made {made} runs")
        });
    }
    for (run, id) in &book.signals {
        let accepted = book
            .signals
            .iter()
            .filter(|signal| **signal == (*run, id.clone()))
            .count();
        found.unless(accepted == 1, || {
            format!("{run}: the signal {id} was accepted {accepted} times")
        });
    }
}
