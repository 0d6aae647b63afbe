//! What must be true in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::api::Api;
use crate::effects::Effects;
use crate::load::{Load, children};

pub(crate) struct Report {
    runs: usize,
    effects: usize,
    unknown: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} runs, {} effects, {} unknown outcomes",
            self.runs, self.effects, self.unknown
        )
    }
}

/// What the journals say of one activity: a step of a run, or one item of it.
#[derive(Default, Debug)]
struct Told {
    started: u32,
    succeeded: u32,
    unknown: u32,
}

type Activity = (String, String, Option<u64>);

pub(crate) async fn check(api: &Api, load: &Load, effects: &Effects, ended: &[Value]) -> Report {
    let mut told: BTreeMap<Activity, Told> = BTreeMap::new();
    let mut runs = BTreeSet::new();
    for view in ended {
        let run = view["id"].as_str().unwrap().to_owned();
        for child in children(api, &run).await {
            read(api, &child, &mut told).await;
            runs.insert(child);
        }
        read(api, &run, &mut told).await;
        runs.insert(run);
    }
    promises_are_kept(load, ended);
    once_effects_happened_at_most_once(effects, &told);
    let requests = effects.requests();
    for effect in &requests {
        assert!(
            runs.contains(&effect.run),
            "an effect of a run that nobody knows: {effect:?}"
        );
    }
    Report {
        runs: runs.len(),
        effects: requests.len() + effects.written().len(),
        unknown: told.values().map(|told| told.unknown as usize).sum(),
    }
}

/// A journal has no hole and no event twice, and settles each activity once.
async fn read(api: &Api, run: &str, told: &mut BTreeMap<Activity, Told>) {
    let journal = api.journal(run).await;
    let mut last_at = String::new();
    for (place, item) in journal.iter().enumerate() {
        assert_eq!(
            item["seq"].as_u64(),
            Some(place as u64 + 1),
            "a hole in the journal of {run}"
        );
        let at = item["at"].as_str().unwrap().to_owned();
        assert!(at >= last_at, "time ran backwards in the journal of {run}");
        last_at = at;
        let data = &item["data"];
        let Some(step) = data["step_id"].as_str() else { continue };
        let told = told
            .entry((run.to_owned(), step.to_owned(), data["item"].as_u64()))
            .or_default();
        match item["type"].as_str().unwrap() {
            "step.started" => told.started += 1,
            "step.succeeded" => told.succeeded += 1,
            "step.outcome_unknown" => told.unknown += 1,
            _ => {}
        }
        assert!(told.succeeded <= 1, "{run} {step} succeeded twice");
    }
    let ends = journal.iter().filter(|item| {
        matches!(
            item["type"].as_str(),
            Some("run.succeeded" | "run.failed" | "run.cancelled")
        )
    });
    assert_eq!(ends.count(), 1, "{run} did not end exactly once");
}

fn promises_are_kept(load: &Load, ended: &[Value]) {
    assert_eq!(ended.len(), load.promised.lock().len(), "every promised run was found");
    let ids: BTreeSet<&str> = ended.iter().filter_map(|view| view["id"].as_str()).collect();
    assert_eq!(ids.len(), ended.len(), "two keys gave one run");
    let signalled = load.signalled.lock();
    for view in ended {
        if let Some(payload) = signalled.get(view["id"].as_str().unwrap()) {
            let got = view["steps"][0]["output"].as_u64();
            assert_eq!(got, Some(*payload), "a promised signal was lost: {view:#}");
        }
    }
}

fn once_effects_happened_at_most_once(effects: &Effects, told: &BTreeMap<Activity, Told>) {
    let mut happened: BTreeMap<Activity, u32> = BTreeMap::new();
    let mut keys: BTreeMap<Activity, BTreeSet<String>> = BTreeMap::new();
    for effect in effects.requests() {
        let activity = (effect.run.clone(), effect.step.clone(), effect.item);
        assert!(!effect.key.is_empty(), "an effect without its key: {effect:?}");
        keys.entry(activity.clone()).or_default().insert(effect.key.clone());
        if effect.method == "POST" {
            *happened.entry(activity).or_default() += 1;
        }
    }
    for run in effects.written() {
        *happened.entry((run, "write".to_owned(), None)).or_default() += 1;
    }
    for (activity, keys) in &keys {
        assert_eq!(keys.len(), 1, "{activity:?} changed its effect key");
    }
    for (activity, count) in &happened {
        assert_eq!(*count, 1, "{activity:?} is `once` and happened {count} times");
        let told = told
            .get(activity)
            .unwrap_or_else(|| panic!("{activity:?} happened and no journal knows"));
        assert!(told.started > 0, "{activity:?} happened and was never begun");
        // It happened: the journal says that it succeeded, or that nobody knows.
        assert!(
            told.succeeded + told.unknown > 0,
            "{activity:?} happened and was recorded as {told:?}"
        );
    }
    for ((run, step, item), told) in told {
        let once = matches!(step.as_str(), "post" | "write") || (step == "all" && item.is_some());
        if once && told.succeeded > 0 && told.unknown == 0 {
            let count = happened.get(&(run.clone(), step.clone(), *item)).copied().unwrap_or(0);
            assert_eq!(
                count, 1,
                "{run} {step} {item:?} was recorded as done and never happened"
            );
        }
        assert!(!once || told.unknown <= 1, "{run} {step} was unknown twice");
    }
}
