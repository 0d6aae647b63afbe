//! How the calendar meets real time.
//!
//! Patterns that name times of day (`30 2 * * *`) follow the highest reading that the zone's clock has shown so far. Where
//! the clock is put forward, every skipped time falls on the instant of the jump, once; where it is put back, the readings
//! that come again are no new ones, so a time that occurs twice fires the first time.
//!
//! Patterns that say how often (`*/5 * * * *`) fire whenever the clock's reading matches: five minutes stay five minutes, a
//! repeated hour has its firings again, a skipped one has none.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::schedule::cron::CronPattern;

/// Farther than any zone's clock ever jumped.
const FAR: SignedDuration = SignedDuration::from_hours(48);
/// Steps of one search. Each is a change of the zone's clock, or a match that such a change has swallowed.
const MAX_STEPS: usize = 20_000;
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The first instant after `after` (whole seconds).
pub(super) fn next(pattern: &CronPattern, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    if pattern.is_fixed() {
        let time = pattern.at_or_after(highest_reading(zone, after)?, false)?;
        return instant_of(zone, time);
    }
    let (mut from, mut inclusive) = (after, false);
    for _ in 0..MAX_STEPS {
        let offset = zone.to_offset(from);
        let end = zone.following(from).next().map(|change| change.timestamp());
        let time = pattern.at_or_after(offset.to_datetime(from), inclusive)?;
        let at = offset.to_timestamp(time).ok()?;
        let Some(end) = end.filter(|end| at >= *end) else {
            return Some(at);
        };
        // The clock may show again what it has shown shortly before; beyond that, nothing matches before `time`.
        from = if end <= from.checked_add(FAR).ok()? {
            end
        } else {
            end.max(at.checked_sub(FAR).ok()?)
        };
        inclusive = true;
    }
    None
}

/// The last instant at or before `until` (whole seconds).
pub(super) fn previous(pattern: &CronPattern, zone: &TimeZone, until: Timestamp) -> Option<Timestamp> {
    if pattern.is_fixed() {
        let time = pattern.at_or_before(highest_reading(zone, until)?)?;
        return instant_of(zone, time);
    }
    let mut from = until;
    for _ in 0..MAX_STEPS {
        let offset = zone.to_offset(from);
        let start = last_change(zone, from);
        let time = pattern.at_or_before(offset.to_datetime(from))?;
        let at = offset.to_timestamp(time).ok()?;
        let Some(start) = start.filter(|start| at < *start) else {
            return Some(at);
        };
        let before = start.checked_sub(SECOND).ok()?;
        from = if start >= from.checked_sub(FAR).ok()? {
            before
        } else {
            before.min(at.checked_add(FAR).ok()?)
        };
    }
    None
}

/// The last change of the zone's clock at or before `at`.
fn last_change(zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
    let next = at.checked_add(SECOND).ok()?;
    zone.preceding(next).next().map(|change| change.timestamp())
}

/// What the clock shows at `at`, or what it showed last before it was put back, while it has not reached that again.
fn highest_reading(zone: &TimeZone, at: Timestamp) -> Option<DateTime> {
    let offset = zone.to_offset(at);
    let reading = offset.to_datetime(at);
    match zone.to_ambiguous_timestamp(reading).offset() {
        AmbiguousOffset::Fold { before, after } if after == offset => {
            let change = last_change(zone, at)?;
            before.to_datetime(change).checked_sub(SECOND).ok()
        }
        _ => Some(reading),
    }
}

/// When the clock first shows `time`, or passes over it.
fn instant_of(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(time).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(time).ok(),
        AmbiguousOffset::Gap { before, .. } => last_change(zone, before.to_timestamp(time).ok()?),
    }
}
