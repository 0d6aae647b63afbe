//! Limits, rates and bursts, as journals show that they were kept.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::programs::{AT_ONCE, LANE_LIMIT, PACE_MS};
use crate::told::{Journal, Stay, millis};

/// Between the time that a run is given and its commit.
const COMMITS_WITHIN_MS: i64 = 1000;

/// The runs of one workflow and key.
#[derive(Default)]
pub(crate) struct Flow {
    /// Stays of each lane.
    lanes: BTreeMap<usize, Vec<Stay>>,
    /// Of each key of `paced`: when its runs were created, or retried, and when they were let in at the latest.
    paced: BTreeMap<usize, Vec<Stay>>,
    /// Of each key of `burst`: when its runs were created, their ids, and who took their places.
    bursts: BTreeMap<usize, Vec<(i64, String, Option<String>)>>,
}

impl Flow {
    pub(crate) fn enter(&mut self, view: &Value, journal: &Journal) {
        let key = || view["input"]["items"].as_array().unwrap().len();
        let created = millis(&view["created_at"]);
        match view["workflow"]["name"].as_str() {
            Some("lane") => {
                assert_eq!(view["priority"], view["input"]["rank"], "{view:#}");
                self.lanes.entry(key()).or_default().extend(&journal.stays);
            }
            Some("paced") => {
                let stays = self.paced.entry(key()).or_default();
                stays.extend(journal.stays.iter().map(|stay| Stay {
                    from: created,
                    to: stay.from,
                }));
            }
            Some("burst") => {
                let by = journal.superseded.clone().map(|(by, reason)| {
                    assert_eq!(reason, "debounce", "{view:#}");
                    by
                });
                let first = journal.marks.iter().take_while(|(kind, _)| kind != "run.retried");
                let began = first.filter(|(kind, _)| kind == "run.started").count();
                assert!(
                    began == 0 || by.is_none(),
                    "it gave way and began all the same: {view:#}"
                );
                let id = view["id"].as_str().unwrap().to_owned();
                self.bursts.entry(key()).or_default().push((created, id, by));
            }
            _ => {}
        }
    }

    pub(crate) fn check(self) {
        self.lanes_kept_their_limit();
        self.rates_were_kept();
        self.bursts_ended_with_a_run();
    }

    /// At no moment were more runs of a lane under way than it allows. Ends come before beginnings of the same millisecond:
    /// the end of one admits the next.
    fn lanes_kept_their_limit(&self) {
        for (lane, stays) in &self.lanes {
            let mut turns: Vec<(i64, i32)> = Vec::new();
            for stay in stays {
                turns.push((stay.from, 1));
                turns.push((stay.to, -1));
            }
            turns.sort_unstable();
            let mut inside = 0;
            for (at, turn) in turns {
                inside += turn;
                assert!(inside <= LANE_LIMIT as i32, "lane {lane} held {inside} runs at {at}");
            }
        }
    }

    /// A run is let in after its creation and before its journal says so. So of those that were created and let in within a
    /// time, no more can be than the rate allows for that time: some at once, and one more for each pace.
    fn rates_were_kept(&self) {
        for (key, stays) in &self.paced {
            for from in stays.iter().map(|stay| stay.from) {
                let mut let_in: Vec<i64> = stays
                    .iter()
                    .filter(|stay| stay.from >= from)
                    .map(|stay| stay.to)
                    .collect();
                let_in.sort_unstable();
                for (at, count) in let_in.iter().zip(1..) {
                    let most = AT_ONCE + (at - from) / PACE_MS + 1;
                    assert!(count <= most, "{count} runs of key {key} began between {from} and {at}");
                }
            }
        }
    }

    /// Who gave way gave way to a run of the same key that came later, up to the order of commits, and the last one of all had
    /// no one to give way to.
    fn bursts_ended_with_a_run(&self) {
        for runs in self.bursts.values() {
            let created: BTreeMap<&String, i64> = runs.iter().map(|(at, id, _)| (id, *at)).collect();
            for (at, id, by) in runs {
                let Some(by) = by else { continue };
                let newer = created.get(by);
                assert!(
                    newer.is_some_and(|newer| newer + COMMITS_WITHIN_MS >= *at && by != id),
                    "{id} gave way to {by}"
                );
            }
            let kept = runs.iter().any(|(_, _, by)| by.is_none());
            assert!(kept, "a whole burst gave way: {runs:?}");
        }
    }
}
