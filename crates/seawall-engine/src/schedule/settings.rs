use std::time::Duration;

use jiff::tz::TimeZone;
use seawall_store::{Digest, Overlap, Timestamp, WorkflowRef};

use crate::datum::Datum;
use crate::definition::parse_duration;
use crate::schedule::cron::CronPattern;
use crate::schedule::timetable::Timetable;

/// What becomes of times that nobody was there for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CatchUp {
    /// No run.
    Skip,
    /// One run, for the last of them.
    Once,
    /// A run for each of the last so many.
    Last(u32),
}

impl CatchUp {
    /// The most runs that are made up for.
    pub const MAX: u32 = 100;
}

/// When a schedule fires, as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ScheduleTiming {
    Cron(String),
    Every(String),
}

/// All that a client says of a schedule.
#[derive(Clone, PartialEq, Debug)]
pub struct ScheduleSettings {
    pub workflow: WorkflowRef,
    pub timing: ScheduleTiming,
    /// A name of the IANA database.
    pub time_zone: String,
    pub input: Datum,
    pub overlap: Overlap,
    pub catch_up: CatchUp,
    pub paused: bool,
    /// The request of an idempotency key that made the schedule.
    pub(crate) request: Option<Digest>,
}

impl ScheduleSettings {
    /// The interval, if there is one.
    #[must_use]
    pub fn every(&self) -> Option<Duration> {
        match &self.timing {
            ScheduleTiming::Every(text) => parse_duration(text).ok(),
            ScheduleTiming::Cron(_) => None,
        }
    }
}

/// The timetable of settings that were checked when they were written. The error is for whoever looks at the schedule: what
/// was valid then may not be now, where the zone's name has left the database.
pub(crate) fn timetable_of(settings: &ScheduleSettings, created_at: Timestamp) -> Result<Timetable, String> {
    match &settings.timing {
        ScheduleTiming::Every(text) => Ok(Timetable::Every {
            every: parse_duration(text).map_err(|error| error.to_string())?,
            anchor: created_at,
        }),
        ScheduleTiming::Cron(text) => Ok(Timetable::Cron {
            pattern: Box::new(CronPattern::parse(text).map_err(|error| error.to_string())?),
            zone: TimeZone::get(&settings.time_zone)
                .map_err(|_| format!("the time zone {} is not known here", settings.time_zone))?,
        }),
    }
}
