//! What a journal tells, held against the rules of journals as it is read.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use crate::api::Api;
use crate::shapes::{Place, doing, is_once};

/// Where an activity stands.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Standing {
    #[default]
    Open,
    Running,
    Unknown,
    /// By the event of that number.
    Succeeded(u64),
    Failed,
    Cancelled,
    /// Skipped, copied, or failed with another output in its place: nothing of it is in effect.
    Without,
}

/// What the journal says of one activity.
#[derive(Default, Debug)]
pub(crate) struct Told {
    pub(crate) started: u32,
    /// Attempts that may have had their effect: they succeeded, failed, or nobody knows.
    pub(crate) ended: u32,
    pub(crate) succeeded: u32,
    pub(crate) unknown: u32,
    /// How often it got another key: a person or a reconcile step said "retry", or it had failed for certain, or was undone,
    /// and the run was retried.
    pub(crate) renewed: u32,
    pub(crate) copied: bool,
    pub(super) standing: Standing,
    pub(super) in_doubt: bool,
    /// Since it was last done.
    pub(super) undone: bool,
}

/// When a run occupied its place, in the server's time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// What one run's journal says.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) run: String,
    pub(super) definition: Value,
    pub(crate) activities: BTreeMap<Place, Told>,
    pub(crate) stays: Vec<Stay>,
    /// What happened to the run as a whole, with the failures that took it, in order.
    pub(crate) marks: Vec<(String, i64)>,
    /// By id.
    pub(crate) signals: BTreeMap<String, Value>,
    /// By approval.
    pub(crate) decisions: BTreeMap<String, (String, i64)>,
    /// What followed on the claim of each task.
    pub(crate) words: BTreeMap<String, String>,
    pub(crate) children: Vec<String>,
    pub(crate) forked_from: Option<String>,
    /// Outputs of steps, as JSON.
    pub(crate) outputs: BTreeMap<String, BTreeSet<String>>,
    /// Outputs that were copied from another run.
    pub(crate) copies: BTreeMap<String, String>,
    /// The run that took this one's place, and why.
    pub(crate) superseded: Option<(String, String)>,
    /// What is still to be undone, in its order.
    pub(super) undo: Option<VecDeque<Place>>,
    claimed: BTreeMap<Place, String>,
    gated: bool,
    admitted: Option<i64>,
    ended: bool,
}

/// Milliseconds of an RFC 3339 time.
pub(crate) fn millis(at: &Value) -> i64 {
    let at: jiff::Timestamp = at.as_str().unwrap().parse().unwrap();
    at.as_millisecond()
}

pub(super) fn place(data: &Value) -> Option<Place> {
    let step = data["step_id"].as_str()?;
    let step = match data["part"].as_str() {
        Some(part) => format!("{step}.{part}"),
        None => step.to_owned(),
    };
    Some((step, data["item"].as_u64()))
}

pub(super) fn places(list: &Value) -> Vec<Place> {
    list.as_array().unwrap().iter().filter_map(place).collect()
}

/// Reads a journal: it has no hole, time does not run backwards, each activity and the run are settled once, what was done is
/// done again only where somebody had a reason, and what has to be undone is.
pub(crate) async fn read(api: &Api, run: &str, definition: Value) -> Journal {
    let mut journal = Journal {
        run: run.to_owned(),
        definition,
        ..Journal::default()
    };
    let mut last_at = 0;
    for (item, seq) in api.journal(run).await.iter().zip(1u64..) {
        assert_eq!(item["seq"].as_u64(), Some(seq), "a hole in the journal of {run}");
        let at = millis(&item["at"]);
        assert!(at >= last_at, "time ran backwards in the journal of {run}");
        journal.take(seq, at, item);
        last_at = at;
    }
    journal.close();
    journal
}

impl Journal {
    fn take(&mut self, seq: u64, at: i64, item: &Value) {
        let (kind, data) = (item["type"].as_str().unwrap(), &item["data"]);
        let retried = kind == "run.retried";
        // A parent asks first; and until a retry has its slot, the run stays as it ended.
        let asks = ["run.retry_requested", "run.retry_withdrawn", "run.admitted"].contains(&kind);
        assert!(
            self.ended == retried || asks,
            "{}: {kind} where the run stands",
            self.run
        );
        match kind {
            "run.created" => self.gated = data["gated"] == true,
            "run.admitted" => self.admitted = Some(at),
            "run.forked" => self.forked_from = data["run_id"].as_str().map(str::to_owned),
            "run.superseded" => {
                let text = |name: &str| data[name].as_str().unwrap().to_owned();
                self.superseded = Some((text("by_run_id"), text("reason")));
            }
            "run.retried" => {
                self.ended = false;
                self.admitted = self.gated.then_some(at);
                self.retried(data);
            }
            "run.succeeded" | "run.failed" | "run.cancelled" => {
                self.ended = true;
                self.is_undone(kind);
                let stay = self.admitted.take().map(|from| Stay { from, to: at });
                self.stays.extend(stay);
            }
            "compensation.started" => self.undoing(places(&data["steps"])),
            "signal.received" => {
                let id = data["id"].as_str().unwrap().to_owned();
                let before = self.signals.insert(id, data["payload"].clone());
                assert!(before.is_none(), "{} took a signal twice: {data}", self.run);
            }
            _ => self.step(seq, at, kind, data),
        }
        if kind.starts_with("run.") {
            self.marks.push((kind.to_owned(), at));
        }
    }

    fn step(&mut self, seq: u64, at: i64, kind: &str, data: &Value) {
        let Some(place) = place(data) else { return };
        match kind {
            "child.started" => self.children.push(data["child_id"].as_str().unwrap().to_owned()),
            "approval.decided" => {
                let decision = data["decision"].as_str().unwrap().to_owned();
                let approval = data["approval_id"].as_str().unwrap().to_owned();
                let before = self.decisions.insert(approval, (decision, at));
                assert!(before.is_none(), "{} {place:?} was decided twice", self.run);
            }
            "task.claimed" => {
                let task = data["task_id"].as_str().unwrap().to_owned();
                assert!(!self.words.contains_key(&task), "{} {task} was settled twice", self.run);
                self.claimed.insert(place, task);
            }
            _ if kind.starts_with("step.") => {
                if let Some(task) = self.claimed.remove(&place) {
                    self.words.insert(task, kind.to_owned());
                }
                if kind == "step.failed" && self.takes_the_run(&place, data) {
                    self.marks.push((kind.to_owned(), at));
                }
                self.copy_or_output(kind, &place, data);
                self.change(seq, kind, &place, data);
                self.has_undone(&place);
            }
            _ => {}
        }
    }

    /// With this failure the run begins to stop.
    fn takes_the_run(&self, place: &Place, data: &Value) -> bool {
        let own = place.1.is_none() && !place.0.contains('.');
        let for_good = data["retry_at"].is_null() && data["replaced_by"].is_null();
        own && for_good && doing(&self.definition, place)["on_error"] != "continue"
    }

    fn copy_or_output(&mut self, kind: &str, (step, item): &Place, data: &Value) {
        let output = data["output"].to_string();
        match kind {
            "step.copied" => drop(self.copies.insert(step.clone(), output)),
            "step.succeeded" if item.is_none() && !data["output"].is_null() => {
                self.outputs.entry(step.clone()).or_default().insert(output);
            }
            _ => {}
        }
    }

    fn change(&mut self, seq: u64, kind: &str, place: &Place, data: &Value) {
        if kind == "step.started" {
            self.may_begin(place);
        }
        let told = self.activities.entry(place.clone()).or_default();
        let (was, what) = (told.standing, format!("{} {place:?}: {kind}", self.run));
        let open = matches!(was, Standing::Open | Standing::Running | Standing::Unknown);
        // Each unknown outcome is a question of its own to a reconcile step.
        let asks = place.0.ends_with(".reconcile");
        assert!(open || asks, "{what} after it was settled: {told:?}");
        let attempted = u32::from(was == Standing::Running);
        told.in_doubt |= data["in_doubt"] == true;
        told.standing = match kind {
            "step.started" => {
                assert!(
                    was != Standing::Unknown || asks,
                    "{what} and nobody knows of the one before"
                );
                // Begun again without an end in between: its holder died.
                told.in_doubt |= was == Standing::Running;
                told.started += 1;
                told.undone = false;
                Standing::Running
            }
            "step.succeeded" => {
                told.ended += attempted;
                told.succeeded += 1;
                Standing::Succeeded(seq)
            }
            "step.failed" => {
                told.ended += attempted;
                match (data["retry_at"].is_null(), data["replaced_by"].is_null()) {
                    (false, _) => Standing::Open,
                    (true, true) => Standing::Failed,
                    (true, false) => Standing::Without,
                }
            }
            "step.outcome_unknown" => {
                told.ended += attempted;
                told.unknown += 1;
                Standing::Unknown
            }
            "step.outcome_resolved" => {
                assert!(was == Standing::Unknown, "{what}, and it was known: {told:?}");
                let again = data["outcome"] == "retry";
                told.in_doubt &= data["outcome"] == "succeeded";
                told.renewed += u32::from(again);
                if again { Standing::Open } else { was }
            }
            "step.cancelled" => {
                told.in_doubt |= was == Standing::Running;
                Standing::Cancelled
            }
            "step.deferred" => Standing::Open,
            "step.skipped" => Standing::Without,
            "step.copied" => {
                told.copied = true;
                Standing::Without
            }
            _ => was,
        };
    }

    /// What must not happen twice begins only when the end of its last attempt is known.
    fn may_begin(&self, place: &Place) {
        let standing = self.activities.get(place).map(|told| told.standing);
        let once = is_once(doing(&self.definition, place));
        assert!(
            !(once && standing == Some(Standing::Running)),
            "{} {place:?} is `once` and began again before its end was known",
            self.run
        );
    }

    /// The run has ended, and everything that had begun has an end.
    fn close(&self) {
        assert!(self.ended, "{} has not ended", self.run);
        for (place, told) in &self.activities {
            assert!(
                !matches!(told.standing, Standing::Running | Standing::Unknown),
                "{} {place:?} has no end: {told:?}",
                self.run
            );
        }
    }
}
