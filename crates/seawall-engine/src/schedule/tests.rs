use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use proptest::collection::btree_set;
use proptest::prelude::*;
use seawall_store::Timestamp;

use super::cron::{CronError, CronPattern};
use super::timetable::before;
use super::{CatchUp, Plan, Timetable, plan};

const MINUTE: i64 = 60_000;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> Timestamp {
    let time: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_millis(time.as_millisecond())
}

fn cron(pattern: &str, zone_name: &str) -> Timetable {
    Timetable::Cron {
        pattern: Box::new(CronPattern::parse(pattern).unwrap()),
        zone: zone(zone_name),
    }
}

fn every(seconds: u64, anchor: &str) -> Timetable {
    Timetable::Every {
        every: Duration::from_secs(seconds),
        anchor: at(anchor),
    }
}

fn text(time: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(time.as_millis()).unwrap().to_string()
}

/// All in `(from, to]`, walked forwards and, to compare, backwards.
fn between(timetable: &Timetable, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let mut forwards = Vec::new();
    let mut next = timetable.next(from);
    while let Some(time) = next.filter(|time| *time <= to) {
        forwards.push(time);
        next = timetable.next(time);
    }
    let mut backwards = Vec::new();
    let mut previous = timetable.previous(to);
    while let Some(time) = previous.filter(|time| *time > from) {
        backwards.push(time);
        previous = timetable.previous(before(time));
    }
    backwards.reverse();
    assert_eq!(
        forwards.iter().copied().map(text).collect::<Vec<_>>(),
        backwards.iter().copied().map(text).collect::<Vec<_>>()
    );
    forwards
}

fn texts(timetable: &Timetable, from: &str, to: &str) -> Vec<String> {
    between(timetable, at(from), at(to)).into_iter().map(text).collect()
}

#[test]
fn a_time_that_does_not_exist_fires_once_when_the_clock_has_jumped() {
    let cases = [
        // 02:00 to 03:00 are skipped.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00:00Z",
            "2026-03-30T12:00:00Z",
            vec!["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
        ),
        (
            "0,15,30 2 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00:00Z",
            "2026-03-29T12:00:00Z",
            vec!["2026-03-29T01:00:00Z"],
        ),
        (
            "0 3 * * *",
            "Europe/Berlin",
            "2026-03-28T12:00:00Z",
            "2026-03-29T12:00:00Z",
            vec!["2026-03-29T01:00:00Z"],
        ),
        (
            "30 2 * * *",
            "America/New_York",
            "2026-03-07T12:00:00Z",
            "2026-03-09T12:00:00Z",
            vec!["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"],
        ),
        // Half an hour: 02:00 to 02:30 are skipped.
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-02T18:00:00Z",
            "2026-10-04T18:00:00Z",
            vec!["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"],
        ),
        // Two hours.
        (
            "30 1 * * *",
            "Antarctica/Troll",
            "2026-03-28T12:00:00Z",
            "2026-03-29T12:00:00Z",
            vec!["2026-03-29T01:00:00Z"],
        ),
        // Midnight was skipped in Brazil.
        (
            "0 0 * * *",
            "America/Sao_Paulo",
            "2018-11-03T12:00:00Z",
            "2018-11-05T12:00:00Z",
            vec!["2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"],
        ),
        // Samoa had no 30 December 2011: the whole day falls on the beginning of the next.
        (
            "0 12 * * *",
            "Pacific/Apia",
            "2011-12-29T12:00:00Z",
            "2011-12-31T12:00:00Z",
            vec!["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"],
        ),
    ];
    for (pattern, zone, from, to, expected) in cases {
        assert_eq!(texts(&cron(pattern, zone), from, to), expected, "{pattern} in {zone}");
    }
}

#[test]
fn a_time_that_occurs_twice_fires_once() {
    let cases = [
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            "2026-10-26T12:00:00Z",
            vec!["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
        ),
        (
            "0 1,2,3 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            "2026-10-25T12:00:00Z",
            vec!["2026-10-24T23:00:00Z", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"],
        ),
        (
            "30 1 * * *",
            "America/New_York",
            "2026-10-31T12:00:00Z",
            "2026-11-02T12:00:00Z",
            vec!["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
        ),
        (
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2026-04-03T18:00:00Z",
            "2026-04-05T18:00:00Z",
            vec!["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"],
        ),
    ];
    for (pattern, zone, from, to, expected) in cases {
        assert_eq!(texts(&cron(pattern, zone), from, to), expected, "{pattern} in {zone}");
    }
    // Asked in the middle of the repeated hour, in either half.
    let daily = cron("30 2 * * *", "Europe/Berlin");
    for now in ["2026-10-25T00:45:00Z", "2026-10-25T01:15:00Z", "2026-10-25T01:45:00Z"] {
        assert_eq!(text(daily.next(at(now)).unwrap()), "2026-10-26T01:30:00Z", "{now}");
        assert_eq!(text(daily.previous(at(now)).unwrap()), "2026-10-25T00:30:00Z", "{now}");
    }
}

#[test]
fn a_pattern_that_says_how_often_keeps_its_pace() {
    for (zone, from, to) in [
        ("Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T04:00:00Z"),
        ("Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T04:00:00Z"),
        ("America/New_York", "2026-03-08T05:00:00Z", "2026-03-08T09:00:00Z"),
        ("America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T08:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-04T17:00:00Z"),
        ("Australia/Lord_Howe", "2026-10-03T13:00:00Z", "2026-10-03T17:00:00Z"),
    ] {
        let times = between(&cron("*/5 * * * *", zone), at(from), at(to));
        assert_eq!(times.len(), 48, "{zone} {from}");
        for pair in times.windows(2) {
            assert_eq!(pair[1].since(pair[0]), Duration::from_secs(300), "{zone} {from}");
        }
    }
    // Each hour of the repeated one has its own; the skipped one has none.
    let hours = cron("0 */2 * * *", "Europe/Berlin");
    assert_eq!(
        texts(&hours, "2026-10-24T22:30:00Z", "2026-10-25T03:30:00Z"),
        ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T03:00:00Z"]
    );
    assert_eq!(
        texts(&hours, "2026-03-28T23:30:00Z", "2026-03-29T04:30:00Z"),
        ["2026-03-29T02:00:00Z", "2026-03-29T04:00:00Z"]
    );
}

#[test]
fn zones_with_odd_histories_are_followed() {
    // Local mean time of Amsterdam, 19 minutes and 32 seconds ahead, until 1937.
    let noon = cron("0 12 * * *", "Europe/Amsterdam");
    let found = text(noon.next(at("1909-06-01T00:00:00Z")).unwrap());
    let reading = zone("Europe/Amsterdam").to_datetime(found.parse().unwrap());
    assert_eq!(reading.to_string(), "1909-06-01T12:00:00");
    assert!(noon.previous(at("1890-01-01T00:00:00Z")).is_some());
    // Morocco puts its clock back for Ramadan and forward after it.
    let morning = cron("30 2 * * *", "Africa/Casablanca");
    assert_eq!(
        texts(&morning, "2026-02-14T12:00:00Z", "2026-02-16T12:00:00Z"),
        ["2026-02-15T01:30:00Z", "2026-02-16T02:30:00Z"]
    );
}

#[test]
fn rare_patterns_are_found_and_impossible_ones_are_not() {
    let begun = Instant::now();
    for (pattern, next) in [
        ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
        ("0 0 29 2 +MON", "2044-02-29T00:00:00Z"),
        ("*/10 0 29 2 *", "2028-02-29T00:00:00Z"),
        ("0 0 L 2 *", "2027-02-28T00:00:00Z"),
        ("0 0 * * 5#5", "2026-05-29T00:00:00Z"),
        ("59 59 23 31 12 *", "2026-12-31T23:59:59Z"),
    ] {
        let found = cron(pattern, "UTC").next(at("2026-05-01T00:00:00Z"));
        assert_eq!(found.map(text).as_deref(), Some(next), "{pattern}");
        let berlin = cron(pattern, "Europe/Berlin").next(at("2026-05-01T00:00:00Z"));
        assert!(berlin.is_some(), "{pattern}");
    }
    // Over the turn of a century there are eight years between two leap days.
    let found = cron("0 0 29 2 *", "UTC").next(at("2096-03-01T00:00:00Z"));
    assert_eq!(found.map(text).as_deref(), Some("2104-02-29T00:00:00Z"));
    for pattern in ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "* * 30 2 *"] {
        for zone in ["UTC", "Europe/Berlin"] {
            let timetable = cron(pattern, zone);
            assert_eq!(timetable.next(at("2026-05-01T00:00:00Z")), None, "{pattern}");
            assert_eq!(timetable.previous(at("2026-05-01T00:00:00Z")), None, "{pattern}");
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "a search must not take long");
}

#[test]
fn a_text_that_is_no_pattern_is_refused() {
    for bad in ["", "* * * *", "* * * * * * *", "1 2 3", "every day", "@often"] {
        assert!(CronPattern::parse(bad).is_err(), "{bad}");
    }
    for bad in [
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "a * * * *",
        "*/0 * * * *",
        "5-1 * * * *",
        "1, * * * *",
        ",1 * * * *",
        "1,,2 * * * *",
    ] {
        assert!(matches!(CronPattern::parse(bad), Err(CronError::Malformed(_))), "{bad}");
    }
    assert_eq!(CronPattern::parse("* * * *").unwrap_err(), CronError::Fields(4));
    assert_eq!(CronPattern::parse(&"*".repeat(300)).unwrap_err(), CronError::TooLong);
    for good in [
        "*/5 * * * *",
        "0 0 9-17 * * MON-FRI",
        "0 12 1 JAN *",
        "@hourly",
        "@daily",
        "  0   0 * * 7 ",
    ] {
        assert!(CronPattern::parse(good).is_ok(), "{good}");
    }
}

#[test]
fn only_patterns_without_a_star_in_the_time_of_day_are_fixed() {
    for (pattern, fixed) in [
        ("30 2 * * *", true),
        ("0,30 9-17 * * 1-5", true),
        ("15 30 2 * * *", true),
        ("@daily", true),
        ("@hourly", false),
        ("*/5 2 * * *", false),
        ("0 */2 * * *", false),
        ("* 30 2 * * *", false),
    ] {
        assert_eq!(CronPattern::parse(pattern).unwrap().is_fixed(), fixed, "{pattern}");
    }
}

#[test]
fn an_interval_counts_from_its_anchor() {
    let timetable = every(600, "2026-01-01T00:03:07.250Z");
    assert_eq!(
        texts(&timetable, "2025-01-01T00:00:00Z", "2026-01-01T00:30:00Z"),
        ["2026-01-01T00:13:07.25Z", "2026-01-01T00:23:07.25Z"]
    );
    assert_eq!(timetable.previous(at("2026-01-01T00:13:07.249Z")), None);
    assert_eq!(
        timetable.count(at("2026-01-01T00:03:08Z"), at("2036-01-01T00:00:00Z"), 1),
        525_887
    );
    // The end of time is no reason to panic.
    let end = Timestamp::from_millis(i64::MAX);
    assert_eq!(timetable.next(end), None);
    assert!(timetable.previous(end).is_some());
    assert_eq!(cron("* * * * *", "UTC").next(end), None);
}

// ---- what is made up for --------------------------------------------------------------------------------------------

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

// ---- against a naive model ------------------------------------------------------------------------------------------

/// Zones, each with a moment of which the days around are interesting.
const WEEKS: [(&str, &str); 12] = [
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),
    ("America/New_York", "2026-03-08T07:00:00Z"),
    ("America/New_York", "2026-11-01T06:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30:00Z"),
    ("Antarctica/Troll", "2026-03-29T01:00:00Z"),
    ("Antarctica/Troll", "2026-10-25T01:00:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),
    ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
    ("Asia/Kolkata", "2026-06-01T00:00:00Z"),
];

#[derive(Clone, Debug)]
enum Field {
    Values(BTreeSet<i8>),
    Step(i8),
}

impl Field {
    fn text(&self) -> String {
        match self {
            Self::Values(values) => values.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            Self::Step(step) => format!("*/{step}"),
        }
    }

    fn has(&self, value: i8) -> bool {
        match self {
            Self::Values(values) => values.contains(&value),
            Self::Step(step) => value % step == 0,
        }
    }
}

fn field(range: std::ops::Range<i8>, steps: std::ops::Range<i8>) -> impl Strategy<Value = Field> {
    prop_oneof![
        btree_set(range, 1..4).prop_map(Field::Values),
        steps.prop_map(Field::Step)
    ]
}

struct Model {
    zone: TimeZone,
    minutes: Field,
    hours: Field,
}

impl Model {
    fn has(&self, reading: DateTime) -> bool {
        self.minutes.has(reading.minute()) && self.hours.has(reading.hour())
    }

    /// Looks at the clock in every real minute of `(from, to]`.
    fn firings(&self, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let fixed = matches!((&self.minutes, &self.hours), (Field::Values(_), Field::Values(_)));
        let mut found = Vec::new();
        // The highest reading, long enough before `from` that the clock was not put back in between.
        let mut highest = None;
        for minute in from.as_millis() / MINUTE - 3000..=to.as_millis() / MINUTE {
            let now = Timestamp::from_millis(minute * MINUTE);
            let reading = self
                .zone
                .to_datetime(jiff::Timestamp::from_second(minute * 60).unwrap());
            let mut fires = false;
            if !fixed {
                fires = self.has(reading);
            } else if highest.is_none_or(|highest| highest < reading) {
                let mut shown = highest.unwrap_or(reading);
                while shown < reading {
                    shown = shown.checked_add(jiff::SignedDuration::from_mins(1)).unwrap();
                    fires |= self.has(shown);
                }
                highest = Some(reading);
            }
            if fires && now > from && now <= to {
                found.push(now);
            }
        }
        found
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_week_has_the_firings_of_a_clock_that_is_looked_at_each_minute(
        week in 0..WEEKS.len(),
        minutes in field(0..60, 1..31),
        hours in field(0..24, 1..13),
        offset in -4 * 24 * 60..2 * 24 * 60i64,
        length in 1..4 * 24 * 60i64,
    ) {
        let (name, around) = WEEKS[week];
        let pattern = format!("{} {} * * *", minutes.text(), hours.text());
        let timetable = cron(&pattern, name);
        let from = Timestamp::from_millis(at(around).as_millis() + offset * MINUTE + 17_250);
        let to = Timestamp::from_millis(from.as_millis() + length * MINUTE);
        let model = Model { zone: zone(name), minutes, hours };
        let expected: Vec<String> = model.firings(from, to).into_iter().map(text).collect();
        let found: Vec<String> = between(&timetable, from, to).into_iter().map(text).collect();
        prop_assert_eq!(found, expected, "{} in {}", pattern, name);
    }

    #[test]
    fn what_is_planned_goes_through_all_times_once(
        catch_up in prop_oneof![Just(CatchUp::Skip), Just(CatchUp::Once), (1..40u32).prop_map(CatchUp::Last)],
        waits in proptest::collection::vec(0..20_000i64, 1..20),
        seconds in 1..900u64,
    ) {
        let start = at("2026-03-29T00:00:00Z");
        let timetable = Timetable::Every { every: Duration::from_secs(seconds), anchor: start };
        let (mut now, mut cursor) = (start, start);
        let mut dealt = 0;
        for wait in waits {
            now = Timestamp::from_millis(now.as_millis() + wait * 1000);
            loop {
                let step = plan(&timetable, catch_up, cursor, now, now);
                prop_assert!(step.cursor >= cursor && step.times.iter().all(|time| *time > cursor && *time <= now));
                prop_assert!(step.times.is_sorted());
                dealt += step.missed + step.times.len() as u64;
                cursor = step.cursor;
                match step.next_at {
                    Some(next) if next <= now => prop_assert!(!step.times.is_empty(), "it would ask for ever"),
                    _ => break,
                }
            }
        }
        prop_assert_eq!(dealt, timetable.count(start, now, u64::MAX));
    }
}
