use std::time::Duration;

use jiff::tz::TimeZone;
use seawall_store::Timestamp;

use crate::schedule::cron::CronPattern;
use crate::schedule::zone;

/// The instants at which a schedule fires, strictly ascending.
#[derive(Clone, Debug)]
pub(crate) enum Timetable {
    Cron {
        pattern: Box<CronPattern>,
        zone: TimeZone,
    },
    /// `anchor` and every whole number of `every` after it, without `anchor` itself.
    Every {
        /// At least a second.
        every: Duration,
        anchor: Timestamp,
    },
}

impl Timetable {
    /// The first one after `after`. None: there is none as far as calendars reach.
    pub(crate) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron { pattern, zone } => of_jiff(zone::next(pattern, zone, to_jiff(after)?)?),
            Self::Every { every, anchor } => {
                let every = millis(*every);
                let passed = count(every, *anchor, after);
                nth(every, *anchor, passed.checked_add(1)?)
            }
        }
    }

    /// The last one at or before `until`.
    pub(crate) fn previous(&self, until: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron { pattern, zone } => of_jiff(zone::previous(pattern, zone, to_jiff(until)?)?),
            Self::Every { every, anchor } => {
                let every = millis(*every);
                let passed = count(every, *anchor, until);
                if passed == 0 { None } else { nth(every, *anchor, passed) }
            }
        }
    }

    /// How many there are after `after`, up to `until`; of a cron pattern at most `most`.
    pub(crate) fn count(&self, after: Timestamp, until: Timestamp, most: u64) -> u64 {
        match self {
            Self::Cron { .. } => {
                let mut found = 0;
                let mut at = self.previous(until);
                while let Some(time) = at.filter(|time| *time > after && found < most) {
                    found += 1;
                    at = self.previous(before(time));
                }
                found
            }
            Self::Every { every, anchor } => {
                let every = millis(*every);
                let passed = count(every, *anchor, until).saturating_sub(count(every, *anchor, after));
                u64::try_from(passed).unwrap_or(0)
            }
        }
    }
}

/// The instant right before `time`.
pub(super) fn before(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.as_millis().saturating_sub(1))
}

fn millis(every: Duration) -> i64 {
    i64::try_from(every.as_millis()).unwrap_or(i64::MAX).max(1)
}

/// How many whole intervals have passed at `at`.
fn count(every: i64, anchor: Timestamp, at: Timestamp) -> i64 {
    at.as_millis().saturating_sub(anchor.as_millis()).max(0) / every
}

fn nth(every: i64, anchor: Timestamp, number: i64) -> Option<Timestamp> {
    let millis = every.checked_mul(number)?.checked_add(anchor.as_millis())?;
    Some(Timestamp::from_millis(millis))
}

/// Rounded down to the second: patterns know no smaller unit.
fn to_jiff(time: Timestamp) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_second(time.as_millis().div_euclid(1000)).ok()
}

fn of_jiff(time: jiff::Timestamp) -> Option<Timestamp> {
    time.as_second().checked_mul(1000).map(Timestamp::from_millis)
}
