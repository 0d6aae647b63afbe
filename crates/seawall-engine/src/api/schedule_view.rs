//! Schedules as their clients see them.

use std::time::Duration;

use seawall_store::{Digest, FiringError, RunId, ScheduleId, ScheduleRecord, Timestamp};

use crate::api::EngineError;
use crate::journal::decode_schedule;
use crate::schedule::ScheduleSettings;

/// A schedule.
#[derive(Clone, Debug)]
pub struct ScheduleView {
    pub id: ScheduleId,
    pub settings: ScheduleSettings,
    /// The interval, where it has one.
    pub every: Option<Duration>,
    /// Of the settings, from 1.
    pub revision: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// None: it is paused, or nothing is left to come.
    pub next_fire_at: Option<Timestamp>,
    /// The time of the firing that waits for the end of the last run.
    pub waiting_fire_at: Option<Timestamp>,
    pub last_fired_at: Option<Timestamp>,
    pub last_run: Option<RunId>,
    pub skipped: u64,
    pub missed: u64,
    pub failed: u64,
    pub last_error: Option<FiringError>,
}

impl ScheduleView {
    /// What changes with the settings, and with nothing else.
    #[must_use]
    pub fn tag(&self) -> Digest {
        let id = self.id.uuid();
        Digest::of_parts(&[b"schedule", id.as_bytes(), &self.revision.to_be_bytes()])
    }
}

impl TryFrom<ScheduleRecord> for ScheduleView {
    type Error = EngineError;

    fn try_from(record: ScheduleRecord) -> Result<Self, EngineError> {
        let settings = decode_schedule(&record.settings).map_err(|error| EngineError::Corrupt(error.to_string()))?;
        Ok(Self {
            id: record.id,
            every: settings.every(),
            settings,
            revision: record.revision,
            created_at: record.created_at,
            updated_at: record.updated_at,
            next_fire_at: record.next_at,
            waiting_fire_at: record.waiting,
            last_fired_at: record.last_fired_at,
            last_run: record.last_run,
            skipped: record.skipped,
            missed: record.missed,
            failed: record.failed,
            last_error: record.last_error,
        })
    }
}
