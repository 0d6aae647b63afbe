//! Which of the times that have come get a run.

use seawall_store::Timestamp;

use crate::schedule::settings::CatchUp;
use crate::schedule::timetable::{Timetable, before};

/// Runs made by one change: their inputs are in memory together.
const BATCH: usize = 16;
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

/// What to do at `now` for a schedule that has dealt with every time up to `cursor`. A time since `on_time` has not been
/// missed; of several that have come, only the last one can be on time.
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
    let wanted = match catch_up {
        CatchUp::Skip => usize::from(latest >= on_time),
        CatchUp::Once => 1,
        CatchUp::Last(count) => count as usize,
    };
    let all = last(timetable, latest, cursor, wanted);
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
