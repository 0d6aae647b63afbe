//! Which of the times that have come get a run.

use seawall_store::Timestamp;

use crate::schedule::settings::CatchUp;
use crate::schedule::timetable::{Timetable, before};

/// Runs made by one change: their inputs are in memory together.
const BATCH: usize = 16;
/// Times that can be on time at once: one in each second of the longest that is on time, and some.
const MAX_ON_TIME: usize = 64;
/// Missed times of a cron pattern are counted up to here, for each stretch of time that was missed.
const MAX_COUNTED: u64 = 1000;

/// One step of a schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    /// Ascending.
    pub(crate) times: Vec<Timestamp>,
    /// Times that get no run.
    pub(crate) missed: u64,
    pub(crate) cursor: Timestamp,
    pub(crate) next_at: Option<Timestamp>,
}

/// What to do at `now` for a schedule that has dealt with every time up to `cursor`. Times since `on_time` have not been
/// missed and get their run; `catch_up` is for those before.
pub(crate) fn plan(
    timetable: &Timetable,
    catch_up: CatchUp,
    cursor: Timestamp,
    now: Timestamp,
    on_time: Timestamp,
) -> Plan {
    let Some(latest) = timetable.previous(now).filter(|latest| *latest > cursor) else {
        return Plan {
            times: Vec::new(),
            missed: 0,
            cursor,
            next_at: timetable.next(cursor.max(now)),
        };
    };
    let made_up = match catch_up {
        CatchUp::Skip => 0,
        CatchUp::Once => 1,
        CatchUp::Last(count) => count as usize,
    };
    let in_time = last(timetable, latest, cursor.max(before(on_time)), MAX_ON_TIME).len();
    let all = last(timetable, latest, cursor, in_time + made_up);
    let missed = match all.first() {
        Some(first) => timetable.count(cursor, before(*first), MAX_COUNTED),
        None => timetable.count(cursor, latest, MAX_COUNTED),
    };
    let mut times = all;
    times.truncate(BATCH);
    let cursor = times.last().copied().unwrap_or(latest);
    // The next one is later than now, unless more is left to make up for: whoever asks again at once gets on.
    let dealt_with = if cursor < latest { cursor } else { now };
    Plan {
        times,
        missed,
        cursor,
        next_at: timetable.next(dealt_with),
    }
}

/// The last `count` times after `cursor`, of which `latest` is the last one; ascending.
fn last(timetable: &Timetable, latest: Timestamp, cursor: Timestamp, count: usize) -> Vec<Timestamp> {
    let mut times = Vec::new();
    let mut at = Some(latest);
    while let Some(time) = at.filter(|time| *time > cursor && times.len() < count) {
        times.push(time);
        at = timetable.previous(before(time));
    }
    times.reverse();
    times
}
