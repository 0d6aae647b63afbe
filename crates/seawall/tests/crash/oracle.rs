//! What must be true in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::api::Api;
use crate::drain::children;
use crate::effects::Effects;
use crate::load::Load;
use crate::programs::LANE_LIMIT;
use crate::told::{Activity, Stay, Told, read};

pub(crate) struct Report {
    runs: usize,
    firings: usize,
    effects: usize,
    unknown: usize,
    reconciled: usize,
    undone: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} runs ({} by the schedule), {} effects, {} unknown outcomes ({} settled anew), {} steps undone",
            self.runs, self.firings, self.effects, self.unknown, self.reconciled, self.undone
        )
    }
}

/// Everything that the journals say.
#[derive(Default)]
struct Books {
    runs: BTreeSet<String>,
    told: BTreeMap<Activity, Told>,
    /// Steps that carry out an effect themselves.
    effectful: BTreeSet<(String, String)>,
    /// Stays of each lane.
    lanes: BTreeMap<usize, Vec<Stay>>,
}

pub(crate) async fn check(api: &Api, load: &Load, effects: &Effects, ended: &[Value]) -> Report {
    let mut books = Books::default();
    for view in ended {
        books.enter(api, view).await;
        for child in children(api, view["id"].as_str().unwrap()).await {
            books.enter(api, &api.run(&child).await).await;
        }
    }
    promises_are_kept(load, ended);
    books.once_effects_happened_at_most_once(effects);
    books.effects_have_a_beginning(effects);
    books.what_is_recorded_happened(effects);
    books.lanes_kept_their_limit();
    Report {
        firings: firings(ended),
        effects: effects.requests().len() + effects.written().len(),
        unknown: books.told.values().map(|told| told.unknown as usize).sum(),
        reconciled: books
            .told
            .values()
            .filter(|told| told.unknown > 0 && told.renewed > 0)
            .count(),
        undone: books
            .told
            .iter()
            .filter(|((_, step, _), told)| step.ends_with(".compensate") && told.succeeded > 0)
            .count(),
        runs: books.runs.len(),
    }
}

impl Books {
    async fn enter(&mut self, api: &Api, view: &Value) {
        let run = view["id"].as_str().unwrap().to_owned();
        if !self.runs.insert(run.clone()) {
            return;
        }
        let journal = read(api, &run).await;
        self.told.extend(journal.activities);
        for step in view["steps"].as_array().unwrap() {
            let (id, kind) = (step["id"].as_str().unwrap(), step["kind"].as_str().unwrap());
            let inner_effect = kind == "map" && view["workflow"]["name"] != "parent";
            if matches!(kind, "http" | "command" | "task") || inner_effect {
                self.effectful.insert((run.clone(), id.to_owned()));
            }
        }
        if view["workflow"]["name"] == "lane" {
            let lane = view["input"]["items"].as_array().unwrap().len();
            self.lanes.entry(lane).or_default().extend(journal.stays);
        }
    }

    /// No key twice, and no more keys than the journal has reasons for.
    fn once_effects_happened_at_most_once(&self, effects: &Effects) {
        let mut keys: BTreeMap<Activity, BTreeMap<String, u32>> = BTreeMap::new();
        let mut once = BTreeSet::new();
        for effect in effects.requests() {
            assert!(!effect.key.is_empty(), "an effect without its key: {effect:?}");
            let activity = (effect.run, effect.step, effect.item);
            if effect.once {
                once.insert(activity.clone());
            }
            *keys.entry(activity).or_default().entry(effect.key).or_default() += 1;
        }
        for (activity, keys) in keys {
            let told = self.told.get(&activity);
            let renewed = told.map_or(0, |told| told.renewed) as usize;
            assert!(
                keys.len() <= 1 + renewed,
                "{activity:?} changed its effect key: {keys:?}, {told:?}"
            );
            let most = keys.values().max().copied().unwrap_or(0);
            assert!(
                !once.contains(&activity) || most <= 1,
                "{activity:?} is `once` and happened {most} times: {told:?}"
            );
        }
        let mut written: BTreeMap<(String, String), u32> = BTreeMap::new();
        for line in effects.written() {
            *written.entry(line).or_default() += 1;
        }
        for ((run, step), count) in written {
            let told = &self.told[&(run.clone(), step.clone(), None)];
            assert!(
                count <= 1 + told.renewed,
                "{run} {step} is `once` and happened {count} times: {told:?}"
            );
        }
    }

    /// What happened was begun in some journal, and its end is there: done, failed, or not known.
    fn effects_have_a_beginning(&self, effects: &Effects) {
        let requests = effects.requests();
        let requests = requests
            .iter()
            .map(|effect| (effect.run.clone(), effect.step.clone(), effect.item));
        let lines = effects.written().into_iter().map(|(run, step)| (run, step, None));
        for activity in requests.chain(lines) {
            assert!(
                self.runs.contains(&activity.0),
                "an effect of a run that nobody knows: {activity:?}"
            );
            let Some(told) = self.told.get(&activity) else {
                panic!("{activity:?} happened and no journal knows");
            };
            assert!(told.started > 0, "{activity:?} happened and was never begun");
        }
    }

    fn what_is_recorded_happened(&self, effects: &Effects) {
        let mut happened: BTreeSet<Activity> = BTreeSet::new();
        happened.extend(
            effects
                .requests()
                .into_iter()
                .map(|effect| (effect.run, effect.step, effect.item)),
        );
        happened.extend(effects.written().into_iter().map(|(run, step)| (run, step, None)));
        for (activity, told) in &self.told {
            let (run, step, item) = activity;
            let own = self.effectful.contains(&(run.clone(), step.clone()));
            let is_map = item.is_none() && self.told.contains_key(&(run.clone(), step.clone(), Some(0)));
            if own && !is_map && told.succeeded > 0 && told.started > 0 && step != "all" {
                assert!(
                    happened.contains(activity),
                    "{activity:?} was recorded as done and never happened: {told:?}"
                );
            }
        }
    }

    /// At no moment were more runs of a lane under way than it allows. Ends come before beginnings of the same millisecond:
    /// the end of one admits the next.
    fn lanes_kept_their_limit(&self) {
        for (lane, stays) in &self.lanes {
            let mut turns: Vec<(&str, i32)> = Vec::new();
            for stay in stays {
                turns.push((&stay.from, 1));
                turns.push((&stay.to, -1));
            }
            turns.sort_unstable();
            let mut inside = 0;
            for (at, turn) in turns {
                inside += turn;
                assert!(inside <= LANE_LIMIT as i32, "lane {lane} held {inside} runs at {at}");
            }
        }
    }
}

fn promises_are_kept(load: &Load, ended: &[Value]) {
    let ids: BTreeSet<&str> = ended.iter().filter_map(|view| view["id"].as_str()).collect();
    assert_eq!(ids.len(), ended.len(), "two keys gave one run");
    let promised = load.promised.lock();
    let lost: Vec<&String> = promised.values().filter(|run| !ids.contains(run.as_str())).collect();
    assert!(lost.is_empty(), "promised and not found: {lost:?}");
    let (signalled, disturbed) = (load.signalled.lock(), load.disturbed.lock());
    for view in ended {
        let run = view["id"].as_str().unwrap();
        if let Some(payload) = signalled.get(run)
            && !disturbed.contains(run)
        {
            let got = view["steps"][0]["output"].as_u64();
            assert_eq!(got, Some(*payload), "a promised signal was lost: {view:#}");
        }
    }
}

/// Each firing of the schedule made one run.
fn firings(ended: &[Value]) -> usize {
    let mut times = BTreeSet::new();
    for view in ended.iter().filter(|view| view["workflow"]["name"] == "tick") {
        let at = view["schedule"]["fire_at"].as_str().unwrap().to_owned();
        assert!(times.insert(at.clone()), "the firing of {at} made two runs");
    }
    times.len()
}
