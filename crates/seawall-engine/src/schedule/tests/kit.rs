use std::time::Duration;

use jiff::tz::TimeZone;
use seawall_store::Timestamp;

use crate::schedule::Timetable;
use crate::schedule::cron::CronPattern;
use crate::schedule::timetable::before;

pub(super) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

pub(super) fn at(text: &str) -> Timestamp {
    let time: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_millis(time.as_millisecond())
}

pub(super) fn cron(pattern: &str, zone_name: &str) -> Timetable {
    Timetable::Cron {
        pattern: Box::new(CronPattern::parse(pattern).unwrap()),
        zone: zone(zone_name),
    }
}

pub(super) fn every(seconds: u64, anchor: &str) -> Timetable {
    Timetable::Every {
        every: Duration::from_secs(seconds),
        anchor: at(anchor),
    }
}

pub(super) fn text(time: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(time.as_millis()).unwrap().to_string()
}

/// All in `(from, to]`, walked forwards and, to compare, backwards.
pub(super) fn between(timetable: &Timetable, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
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

pub(super) fn texts(timetable: &Timetable, from: &str, to: &str) -> Vec<String> {
    between(timetable, at(from), at(to)).into_iter().map(text).collect()
}
