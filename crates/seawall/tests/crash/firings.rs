//! Which times of the schedule made a run.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::told::millis;

/// Of the schedule.
const EVERY_MS: i64 = 1000;
/// So many missed times are made up for.
const MADE_UP: i64 = 5;
/// Servers that were there for this long in all have looked at the schedule.
const LOOKS_WITHIN_MS: i64 = 2000;

/// When a server was ready, and when it died.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Up {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// Each time up to where the schedule stands made one run or is counted as missed; missed is only what a server did not find
/// among the last ones when it came. Answers how many fired.
pub(crate) fn check(schedule: &Value, runs: &[Value], ups: &[Up]) -> usize {
    let (created, next) = (millis(&schedule["created_at"]), millis(&schedule["next_fire_at"]));
    let mut fired = BTreeSet::new();
    for run in runs.iter().filter(|run| !run["schedule"].is_null()) {
        let at = millis(&run["schedule"]["fire_at"]);
        assert!(fired.insert(at), "the firing of {at} made two runs");
        let after = at - created;
        assert!(
            after > 0 && after % EVERY_MS == 0,
            "nothing was to fire at {at}: {schedule:#}"
        );
    }
    let due = (1..)
        .map(|count| created + count * EVERY_MS)
        .take_while(|at| *at < next);
    let silent: Vec<i64> = due.filter(|at| !fired.contains(at)).collect();
    let count = |name: &str| schedule[name].as_u64().unwrap();
    assert_eq!((count("skipped"), count("failed")), (0, 0), "{schedule:#}");
    assert_eq!(
        silent.len() as u64,
        count("missed"),
        "no run and not missed: {silent:?}"
    );
    for at in silent {
        let mut there = 0;
        let looked = ups.iter().find(|up| {
            there += (up.to - up.from.max(at)).max(0);
            there >= LOOKS_WITHIN_MS
        });
        let late = looked.map_or(i64::MAX, |up| up.from - at);
        assert!(
            late > (MADE_UP - 1) * EVERY_MS,
            "the time {at} made no run, and the server was back {late} ms later"
        );
    }
    fired.len()
}
