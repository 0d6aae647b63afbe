//! Against a naive model: a clock that is looked at each minute.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use proptest::collection::btree_set;
use proptest::prelude::*;
use seawall_store::Timestamp;

use super::kit::{at, between, cron, text, zone};
use crate::schedule::{CatchUp, Timetable, plan};

const MINUTE: i64 = 60_000;

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
