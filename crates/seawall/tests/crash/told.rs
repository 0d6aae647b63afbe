//! What journals tell.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::Api;

/// A step of a run, or one item of it; with `.compensate` where it is undone.
pub(crate) type Activity = (String, String, Option<u64>);

/// What the journal says of one activity.
#[derive(Default, Debug)]
pub(crate) struct Told {
    pub(crate) started: u32,
    pub(crate) succeeded: u32,
    pub(crate) unknown: u32,
    pub(crate) failed: u32,
    /// How often it was to be done anew: a person or a reconcile step said so, or the run was retried.
    pub(crate) renewed: u32,
    /// Successes since the run was last retried.
    succeeded_lately: u32,
}

/// When a run occupied its place, in the server's time.
#[derive(Debug)]
pub(crate) struct Stay {
    pub(crate) from: String,
    pub(crate) to: String,
}

/// What one run's journal says.
#[derive(Default)]
pub(crate) struct Journal {
    pub(crate) activities: BTreeMap<Activity, Told>,
    pub(crate) stays: Vec<Stay>,
}

/// Reads a journal: it has no hole, time does not run backwards, and each activity is settled once.
pub(crate) async fn read(api: &Api, run: &str) -> Journal {
    let items = api.journal(run).await;
    let mut journal = Journal::default();
    let (mut last_at, mut ends, mut retried) = (String::new(), 0, 0);
    let mut admitted = None;
    for (place, item) in items.iter().enumerate() {
        assert_eq!(
            item["seq"].as_u64(),
            Some(place as u64 + 1),
            "a hole in the journal of {run}"
        );
        let at = item["at"].as_str().unwrap().to_owned();
        assert!(at >= last_at, "time ran backwards in the journal of {run}");
        match item["type"].as_str().unwrap() {
            "run.retried" => {
                retried += 1;
                journal.retried();
            }
            "run.admitted" => admitted = Some(at.clone()),
            "run.succeeded" | "run.failed" | "run.cancelled" => {
                ends += 1;
                journal
                    .stays
                    .extend(admitted.take().map(|from| Stay { from, to: at.clone() }));
            }
            _ => journal.step(run, item),
        }
        last_at = at;
    }
    assert_eq!(ends, retried + 1, "{run} did not end exactly once");
    journal
}

impl Journal {
    fn retried(&mut self) {
        for told in self.activities.values_mut() {
            told.renewed += 1;
            told.succeeded_lately = 0;
        }
    }

    fn step(&mut self, run: &str, item: &Value) {
        let data = &item["data"];
        let Some(step) = data["step_id"].as_str() else { return };
        let step = match data["part"].as_str() {
            Some(part) => format!("{step}.{part}"),
            None => step.to_owned(),
        };
        let told = self
            .activities
            .entry((run.to_owned(), step.clone(), data["item"].as_u64()))
            .or_default();
        match item["type"].as_str().unwrap() {
            "step.started" => told.started += 1,
            "step.succeeded" => {
                told.succeeded += 1;
                told.succeeded_lately += 1;
            }
            "step.failed" => told.failed += 1,
            "step.outcome_unknown" => told.unknown += 1,
            "step.outcome_resolved" => told.renewed += 1,
            _ => {}
        }
        // Each unknown outcome is a question of its own to a reconcile step.
        let once = !step.ends_with(".reconcile");
        assert!(!once || told.succeeded_lately <= 1, "{run} {step} succeeded twice");
    }
}
