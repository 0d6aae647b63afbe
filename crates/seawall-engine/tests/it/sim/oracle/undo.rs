//! Compensation and reconcile, by the journal alone.

use std::collections::{BTreeMap, BTreeSet};

use seawall_engine::JournalItem;
use seawall_engine::store::RunId;
use serde_json::Value;

use crate::sim::journal::{activity, named, text};
use crate::sim::oracle::{Ended, Findings};

/// What is being undone.
struct Round {
    /// In this order.
    parts: Vec<String>,
    /// How many of them are settled, each in its turn.
    settled: usize,
    failed: usize,
}

/// A run as far as its undoing goes.
struct Saga<'a> {
    run: RunId,
    definition: &'a Value,
    /// Where each activity that is in effect has succeeded.
    in_effect: BTreeMap<String, u64>,
    unknown: BTreeSet<String>,
    round: Option<Round>,
    /// Somebody wants it to stop, and it had not failed before.
    cancelled: bool,
}

pub(super) fn judge(ended: &Ended, found: &mut Findings) {
    let mut saga = Saga {
        run: ended.record.id,
        definition: &ended.definition,
        in_effect: BTreeMap::new(),
        unknown: BTreeSet::new(),
        round: None,
        cancelled: false,
    };
    let mut before: Option<&JournalItem> = None;
    for item in &ended.journal {
        saga.sees(item, before, found);
        if item.kind != "run.unblocked" {
            before = Some(item);
        }
    }
}

impl Saga<'_> {
    fn sees(&mut self, item: &JournalItem, before: Option<&JournalItem>, found: &mut Findings) {
        let run = self.run;
        let of = activity(item).unwrap_or_default();
        match item.kind {
            "step.started" => self.started(&of, found),
            "step.succeeded" if of.ends_with(".compensate") => self.undone(&of, true, found),
            "step.failed" if of.ends_with(".compensate") && item.data.get("retry_at").is_none() => {
                self.undone(&of, false, found);
            }
            "step.succeeded" if !of.contains('.') => {
                self.in_effect.insert(of, item.seq.0);
            }
            "step.outcome_unknown" => drop(self.unknown.insert(of)),
            "step.outcome_resolved" => {
                self.unknown.remove(&of);
                let by_itself = text(item, "by").as_deref() == Some("reconcile");
                let looked = before.is_some_and(|before| {
                    let own = before.kind == "step.succeeded" && activity(before) == Some(format!("{of}.reconcile"));
                    own && before.data["output"]["outcome"] == item.data["outcome"]
                });
                found.unless(!by_itself || looked, || {
                    format!("{run}: {of} is resolved by nobody at {}", item.seq)
                });
            }
            "compensation.started" => self.begins(item, found),
            "run.cancel_requested" => self.cancelled = true,
            "run.retried" => self.retried(item),
            "run.succeeded" => {
                found.unless(self.round.is_none(), || format!("{run} has succeeded and was undone"));
            }
            "run.failed" | "run.cancelled" => self.ended(item, found),
            _ => {}
        }
    }

    fn started(&self, of: &str, found: &mut Findings) {
        let run = self.run;
        if let Some(main) = of.strip_suffix(".reconcile") {
            found.unless(self.unknown.contains(main), || {
                format!("{run}: {of} looks into what is known")
            });
            return;
        }
        let next = self.round.as_ref().and_then(|round| round.parts.get(round.settled));
        let allowed = match (of.ends_with(".compensate"), &self.round) {
            (true, _) => next.is_some_and(|next| next == of),
            (false, round) => round.is_none(),
        };
        found.unless(allowed, || {
            format!("{run}: {of} begins, and {next:?} is to be undone next")
        });
    }

    fn undone(&mut self, of: &str, well: bool, found: &mut Findings) {
        let run = self.run;
        let Some(round) = &mut self.round else {
            found.0.push(format!("{run}: {of} has ended, and nothing is undone"));
            return;
        };
        let next = round.parts.get(round.settled);
        found.unless(next.is_some_and(|next| next == of), || {
            format!("{run}: {of} has ended before {next:?}")
        });
        round.settled += 1;
        round.failed += usize::from(!well);
    }

    /// Everything that is in effect and can be undone, what succeeded last first.
    fn to_undo(&self) -> Vec<String> {
        let own = self.in_effect.iter().filter(|(of, _)| is_undoable(self.definition, of));
        let mut own: Vec<(&u64, &String)> = own.map(|(of, at)| (at, of)).collect();
        own.sort_unstable_by(|a, b| b.cmp(a));
        own.into_iter().map(|(_, of)| format!("{of}.compensate")).collect()
    }

    fn begins(&mut self, item: &JournalItem, found: &mut Findings) {
        let parts: Vec<String> = list(item, "steps").iter().filter_map(named).collect();
        let wanted = self.to_undo();
        found.unless(parts == wanted, || {
            format!("{}: {parts:?} are undone instead of {wanted:?}", self.run)
        });
        found.unless(self.round.is_none(), || format!("{} is undone twice", self.run));
        self.round = Some(Round {
            parts,
            settled: 0,
            failed: 0,
        });
    }

    fn retried(&mut self, item: &JournalItem) {
        for again in list(item, "steps").iter().filter_map(named) {
            self.in_effect.remove(&again);
            // A map is not done before all its items are.
            if let Some((map, _)) = again.split_once('[') {
                self.in_effect.remove(map);
            }
        }
        for map in list(item, "anew").iter().filter_map(Value::as_str) {
            self.in_effect.retain(|of, _| of.split('[').next() != Some(map));
        }
        self.round = None;
        self.cancelled = false;
    }

    fn ended(&mut self, item: &JournalItem, found: &mut Findings) {
        let run = self.run;
        let (all, settled, failed) = match &self.round {
            Some(round) => (round.parts.len(), round.settled, round.failed),
            None => (self.to_undo().len(), 0, 0),
        };
        found.unless(all == settled, || format!("{run} ends with {settled} of {all} undone"));
        let code = item.data["error"]["code"].as_str();
        let said = match item.kind {
            "run.cancelled" => self.cancelled && failed == 0,
            // One that has failed goes on failing, and the code may be that of a child.
            _ => !self.cancelled || (failed > 0 && code == Some("compensation-failed")),
        };
        found.unless(said, || {
            format!(
                "{run} ends as {} with {code:?}, {failed} could not be undone",
                item.kind
            )
        });
    }
}

fn list<'a>(item: &'a JournalItem, field: &str) -> &'a [Value] {
    item.data
        .get(field)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn is_undoable(definition: &Value, of: &str) -> bool {
    let (step, item) = of.split_once('[').map_or((of, false), |(step, _)| (step, true));
    let mut steps = definition["steps"].as_array().into_iter().flatten();
    let step = steps.find(|own| own["id"] == step);
    let own = step.map(|own| if item { &own["with"]["step"] } else { own });
    own.is_some_and(|own| own.get("compensate").is_some())
}
