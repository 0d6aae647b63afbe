use rusqlite::OptionalExtension as _;
use seawall_store::{Fired, Firing, Overlap, RunId, RunProgress, ScheduleRecord, ScheduledRun, StoreError, Watchers};

use crate::codec::status_at;
use crate::error::OpError;
use crate::ops::create_run::{exists, insert_unheld, tell_all};
use crate::ops::schedules::{require, write};
use crate::rows::tenant_no_or_new;
use crate::writer::{Operation, Tx};

/// The runs of some times of a schedule, and the step of its cursor over them.
pub(crate) struct Fire(pub(crate) Firing);

/// What a firing did, and who has a message because of it.
pub(crate) struct Done {
    pub(crate) fired: Fired,
    told: Vec<RunId>,
}

impl Operation for Fire {
    type Answer = Done;

    fn run(&self, tx: &Tx<'_>) -> Result<Done, OpError> {
        let firing = &self.0;
        let mut found = require(tx, &firing.tenant, firing.schedule)?;
        let record = &mut found.record;
        if record.change != firing.change {
            return Err(StoreError::PreconditionFailed.into());
        }
        if firing.takes_waiting {
            record.waiting = None;
        }
        let tenant_no = tenant_no_or_new(tx.conn(), &firing.tenant)?;
        let mut done = Done {
            fired: Fired {
                made: Vec::new(),
                skipped: 0,
                waits: false,
            },
            told: Vec::new(),
        };
        for scheduled in &firing.runs {
            self.make(tx, tenant_no, (record, scheduled), &mut done)?;
        }
        let fired = &mut done.fired;
        record.change += 1;
        record.cursor = firing.cursor;
        record.next_at = firing.next_at;
        record.skipped += fired.skipped;
        record.missed += firing.missed;
        record.failed += firing.failed;
        if firing.error.is_some() || !fired.made.is_empty() {
            record.last_error.clone_from(&firing.error);
        }
        fired.waits = record.waiting.is_some();
        write(tx, &found)?;
        Ok(done)
    }

    fn tell(&self, Done { fired, told }: &Done, watchers: &Watchers) {
        for run in self.0.runs.iter().map(|scheduled| &scheduled.run) {
            if fired.made.contains(&run.id) {
                let progress = RunProgress {
                    seq: run.segment.last(),
                    status: run.projection.status,
                    awaits: run.projection.awaits,
                };
                watchers.progressed(run.id, progress);
            }
        }
        if !fired.made.is_empty() {
            watchers.work();
        }
        tell_all(told, watchers);
    }

    fn payload(&self) -> usize {
        let runs = self.0.runs.iter();
        runs.map(|scheduled| scheduled.run.segment.bytes.len() + 256).sum()
    }
}

impl Fire {
    fn make(
        &self,
        tx: &Tx<'_>,
        tenant_no: i64,
        (record, scheduled): (&mut ScheduleRecord, &ScheduledRun),
        done: &mut Done,
    ) -> Result<(), OpError> {
        let ScheduledRun { fire_at, run } = scheduled;
        if exists(tx, run.id)? {
            return Ok(());
        }
        if self.0.overlap != Overlap::Allow && is_live(tx, record.last_run)? {
            if self.0.overlap == Overlap::Queue && record.waiting.is_none() {
                record.waiting = Some(*fire_at);
            } else {
                done.fired.skipped += 1;
            }
            return Ok(());
        }
        done.told.extend(insert_unheld(tx, tenant_no, run)?);
        record.last_run = Some(run.id);
        record.last_fired_at = Some(*fire_at);
        done.fired.made.push(run.id);
        Ok(())
    }
}

/// Whether the run is there and has not ended.
fn is_live(tx: &Tx<'_>, run: Option<RunId>) -> rusqlite::Result<bool> {
    let Some(run) = run else { return Ok(false) };
    let status = tx
        .statement("SELECT status FROM runs WHERE id = ?1")?
        .query_row([run.uuid().as_bytes()], |row| status_at(row, 0))
        .optional()?;
    Ok(status.is_some_and(|status| !status.is_terminal()))
}
