//! What is made up for.

use std::time::{Duration, Instant};

use seawall_store::Timestamp;

use super::kit::{at, cron, every, text};
use crate::schedule::{CatchUp, Plan, Timetable, plan};

fn times(plan: &Plan) -> Vec<String> {
    plan.times.iter().copied().map(text).collect()
}

fn planned(timetable: &Timetable, catch_up: CatchUp, cursor: &str, now: &str) -> Plan {
    let on_time = Timestamp::from_millis(at(now).as_millis() - 2000);
    plan(timetable, catch_up, at(cursor), at(now), on_time)
}

#[test]
fn a_time_that_comes_in_time_is_made_whatever_is_made_up_for() {
    let hourly = cron("0 * * * *", "UTC");
    for catch_up in [CatchUp::Skip, CatchUp::Once, CatchUp::Last(5)] {
        let plan = planned(&hourly, catch_up, "2026-01-01T09:00:00Z", "2026-01-01T10:00:01Z");
        assert_eq!(times(&plan), ["2026-01-01T10:00:00Z"]);
        assert_eq!((plan.missed, plan.cursor), (0, at("2026-01-01T10:00:00Z")));
        assert_eq!(plan.next_at, Some(at("2026-01-01T11:00:00Z")));
    }
}

#[test]
fn missed_times_are_dropped_made_up_for_once_or_the_last_ones() {
    let hourly = cron("0 * * * *", "UTC");
    let cases = [
        (CatchUp::Skip, vec![], 4),
        (CatchUp::Once, vec!["2026-01-01T13:00:00Z"], 3),
        (
            CatchUp::Last(2),
            vec!["2026-01-01T12:00:00Z", "2026-01-01T13:00:00Z"],
            2,
        ),
        (
            CatchUp::Last(100),
            vec![
                "2026-01-01T10:00:00Z",
                "2026-01-01T11:00:00Z",
                "2026-01-01T12:00:00Z",
                "2026-01-01T13:00:00Z",
            ],
            0,
        ),
    ];
    for (catch_up, expected, missed) in cases {
        let plan = planned(&hourly, catch_up, "2026-01-01T09:00:00Z", "2026-01-01T13:30:00Z");
        assert_eq!(times(&plan), expected, "{catch_up:?}");
        assert_eq!(
            (plan.missed, plan.cursor),
            (missed, at("2026-01-01T13:00:00Z")),
            "{catch_up:?}"
        );
        assert_eq!(plan.next_at, Some(at("2026-01-01T14:00:00Z")), "{catch_up:?}");
    }
    // The last one is in time, those before it were missed.
    let plan = planned(&hourly, CatchUp::Skip, "2026-01-01T09:00:00Z", "2026-01-01T13:00:01Z");
    assert_eq!(
        (times(&plan), plan.missed),
        (vec!["2026-01-01T13:00:00Z".to_owned()], 3)
    );
    let plan = planned(&hourly, CatchUp::Once, "2026-01-01T09:00:00Z", "2026-01-01T13:00:01Z");
    assert_eq!(times(&plan), ["2026-01-01T12:00:00Z", "2026-01-01T13:00:00Z"]);
    assert_eq!(plan.missed, 2);
}

#[test]
fn every_time_that_is_on_time_is_made_and_only_older_ones_are_missed() {
    let seconds = |from: u32, to: u32| {
        (from..=to)
            .map(|s| format!("2026-01-01T10:00:{s:02}Z"))
            .collect::<Vec<_>>()
    };
    for timetable in [every(1, "2026-01-01T00:00:00Z"), cron("* * * * * *", "UTC")] {
        for catch_up in [CatchUp::Skip, CatchUp::Once, CatchUp::Last(1)] {
            let plan = planned(&timetable, catch_up, "2026-01-01T10:00:00Z", "2026-01-01T10:00:02Z");
            assert_eq!((times(&plan), plan.missed), (seconds(1, 2), 0), "{catch_up:?}");
            assert_eq!(plan.next_at, Some(at("2026-01-01T10:00:03Z")));
        }
        let (cursor, now) = ("2026-01-01T10:00:00Z", "2026-01-01T10:00:10Z");
        let cases = [(CatchUp::Skip, 8, 7), (CatchUp::Once, 7, 6), (CatchUp::Last(3), 5, 4)];
        for (catch_up, first, missed) in cases {
            let plan = planned(&timetable, catch_up, cursor, now);
            assert_eq!(
                (times(&plan), plan.missed),
                (seconds(first, 10), missed),
                "{catch_up:?}"
            );
        }
    }
}

#[test]
fn as_many_as_may_be_on_time_at_once_come_one_change_after_the_other() {
    let (mut cursor, now) = (at("2026-01-01T10:00:00Z"), at("2026-01-01T10:05:00Z"));
    let (on_time, mut made, mut missed) = (at("2026-01-01T10:04:00Z"), Vec::new(), 0);
    while cursor < now {
        let step = plan(&every(1, "2026-01-01T00:00:00Z"), CatchUp::Skip, cursor, now, on_time);
        assert!(!step.times.is_empty() && step.times.len() <= 16);
        missed += step.missed;
        made.extend(step.times);
        cursor = step.cursor;
    }
    assert_eq!((made.len(), made[0], missed), (61, on_time, 239));
}

#[test]
fn a_year_of_missed_seconds_costs_neither_time_nor_memory() {
    let begun = Instant::now();
    for timetable in [cron("* * * * * *", "Europe/Berlin"), every(1, "2025-01-01T00:00:00Z")] {
        let (cursor, now) = ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
        let skipped = planned(&timetable, CatchUp::Skip, cursor, now);
        assert_eq!(skipped.times.len(), 3, "the last ones are in time");
        assert!(skipped.missed >= 1000);
        let mut cursor = at(cursor);
        let mut made = Vec::new();
        while cursor < at(now) {
            let step = plan(&timetable, CatchUp::Last(100), cursor, at(now), at(now));
            assert!(!step.times.is_empty() && step.times.len() <= 16);
            made.extend(step.times);
            cursor = step.cursor;
        }
        assert_eq!(made.len(), 101, "the last one is in time");
        assert_eq!(made[0], at("2025-12-31T23:58:20Z"));
        assert_eq!(made[100], at(now));
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_clock_that_jumps_back_deals_with_no_time_twice() {
    let timetable = cron("*/10 * * * *", "UTC");
    let plan = planned(
        &timetable,
        CatchUp::Once,
        "2026-01-01T12:00:00Z",
        "2026-01-01T11:05:00Z",
    );
    assert_eq!(
        (times(&plan), plan.missed, plan.cursor),
        (vec![], 0, at("2026-01-01T12:00:00Z"))
    );
    assert_eq!(plan.next_at, Some(at("2026-01-01T12:10:00Z")));
}
