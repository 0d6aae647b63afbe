use std::sync::Arc;

use crate::ids::{RunId, ScheduleId, TenantId};
use crate::records::run::NewRun;
use crate::time::Timestamp;

/// What becomes of a firing while the run of the one before has not ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Overlap {
    /// It makes no run and is counted.
    Skip,
    /// One firing waits for that end; further ones are skipped.
    Queue,
    /// It makes its run.
    Allow,
}

/// A schedule to be kept. Its cursor is the instant of its making: what was due before is nobody's business.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    pub id: ScheduleId,
    /// The engine's codec, opaque here.
    pub settings: Arc<[u8]>,
    pub created_at: Timestamp,
    /// None: it fires never, or is paused.
    pub next_at: Option<Timestamp>,
    /// The most that the tenant may have, with this one.
    pub most: u32,
}

/// Other settings for a schedule, from `at` on: the cursor is set there, whichever way that is.
#[derive(Clone, Debug)]
pub struct ScheduleChange {
    pub settings: Arc<[u8]>,
    pub at: Timestamp,
    pub next_at: Option<Timestamp>,
}

/// Why a firing made no run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FiringError {
    pub code: Arc<str>,
    pub message: Arc<str>,
    pub at: Timestamp,
}

/// A schedule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScheduleRecord {
    pub id: ScheduleId,
    /// The engine's codec, opaque here.
    pub settings: Arc<[u8]>,
    /// Of the settings, from 1.
    pub revision: u64,
    /// Raised by every change of this row, firings included: what [`Firing::change`] must name.
    pub change: u64,
    pub created_at: Timestamp,
    /// When the settings were last written.
    pub updated_at: Timestamp,
    /// Every time up to this one was dealt with.
    pub cursor: Timestamp,
    pub next_at: Option<Timestamp>,
    /// The time of the firing that waits for the end of the last run.
    pub waiting: Option<Timestamp>,
    /// The time of the last firing that made a run, and that run.
    pub last_fired_at: Option<Timestamp>,
    pub last_run: Option<RunId>,
    /// Firings that made no run because of the one before.
    pub skipped: u64,
    /// Firings that were not made up for after they had been missed.
    pub missed: u64,
    /// Firings that made no run because of an error.
    pub failed: u64,
    /// Of the last firing, if it was one of those.
    pub last_error: Option<FiringError>,
}

/// A run for one time of a schedule. `hold` and `idempotency` of `run` mean nothing here.
#[derive(Clone, Debug)]
pub struct ScheduledRun {
    pub fire_at: Timestamp,
    pub run: NewRun,
}

/// One atomic step of a schedule: the runs of some times, and everything that it says of itself afterwards.
#[derive(Clone, Debug)]
pub struct Firing {
    pub tenant: TenantId,
    pub schedule: ScheduleId,
    /// [`ScheduleRecord::change`] as the caller saw it.
    pub change: u64,
    pub cursor: Timestamp,
    pub next_at: Option<Timestamp>,
    /// The waiting firing is among these (or given up): nothing waits any more before the first of `runs`.
    pub takes_waiting: bool,
    pub overlap: Overlap,
    /// By time, ascending.
    pub runs: Vec<ScheduledRun>,
    /// To be added to [`ScheduleRecord::missed`].
    pub missed: u64,
    /// To be added to [`ScheduleRecord::failed`].
    pub failed: u64,
    pub error: Option<FiringError>,
}

/// What a firing came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fired {
    /// The runs that were made now.
    pub made: Vec<RunId>,
    pub skipped: u64,
    /// A firing waits for the end of the last run.
    pub waits: bool,
}

/// A schedule that has something to do, and whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueSchedule {
    pub tenant: TenantId,
    pub record: ScheduleRecord,
}

/// What there is to do for schedules.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueSchedules {
    /// Those whose time has come, earliest first; then those whose waiting firing may go because the last run has ended (or
    /// is there no more), in the order of their making. Each kind at most as many as were asked for; none twice.
    pub due: Vec<DueSchedule>,
    /// When the earliest schedule fires of those whose time has not come.
    pub next: Option<Timestamp>,
    /// Runs that have not ended and that a firing waits for, at most [`DueSchedules::MAX_AWAITED`].
    pub awaited: Vec<RunId>,
    /// The store's now.
    pub now: Timestamp,
}

impl DueSchedules {
    pub const MAX_AWAITED: usize = 1024;
}
