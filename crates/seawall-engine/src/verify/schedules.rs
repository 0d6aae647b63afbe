//! Schedules: whether they can be read, and whether anything would look at them when their time comes.

use seawall_store::{InspectedSchedule, ScheduleRecord};

use super::finding::VerifyFindingKind;
use super::report::Found;
use crate::api::rfc3339;
use crate::journal::decode_schedule;
use crate::schedule::timetable_of;

pub(super) fn check(schedule: &InspectedSchedule) -> Option<Found> {
    let name = match schedule.id {
        Some(id) => id.to_string(),
        None => format!("the schedule in row {}", schedule.place),
    };
    let (kind, detail) = match &schedule.row {
        Ok(record) => wrong(record)?,
        Err(trouble) => (VerifyFindingKind::ScheduleUnreadable, trouble.clone()),
    };
    Some(Found::new(kind, format!("{name}: {detail}")))
}

fn wrong(record: &ScheduleRecord) -> Option<(VerifyFindingKind, String)> {
    let unreadable = |detail: String| Some((VerifyFindingKind::ScheduleUnreadable, detail));
    let settings = match decode_schedule(&record.settings) {
        Ok(settings) => settings,
        Err(error) => return unreadable(error.to_string()),
    };
    let timetable = match timetable_of(&settings, record.created_at) {
        Ok(timetable) => timetable,
        Err(detail) => return unreadable(detail),
    };
    // A firing that waits for the end of the last run is looked at by itself.
    if settings.paused || record.next_at.is_some() {
        return None;
    }
    let next = timetable.next(record.cursor)?;
    let detail = format!("it has to fire at {}, and nothing would look at it", rfc3339(next));
    Some((VerifyFindingKind::ScheduleStranded, detail))
}
