use rusqlite::params;
use seawall_store::{
    FiringError, NewSchedule, ScheduleChange, ScheduleId, ScheduleRecord, StoreError, TenantId, Watchers,
};

use crate::codec::{int, maybe_millis};
use crate::error::OpError;
use crate::rows::{NumberedSchedule, schedule_by_id, tenant_no_or_new};
use crate::writer::{Operation, Tx};

pub(crate) struct CreateSchedule {
    pub(crate) tenant: TenantId,
    pub(crate) new: NewSchedule,
}

impl Operation for CreateSchedule {
    type Answer = ScheduleRecord;

    fn run(&self, tx: &Tx<'_>) -> Result<ScheduleRecord, OpError> {
        let new = &self.new;
        let taken = tx
            .statement("SELECT 1 FROM schedules WHERE id = ?1")?
            .exists([new.id.uuid().as_bytes()])?;
        if taken {
            return Err(StoreError::Exists.into());
        }
        let tenant_no = tenant_no_or_new(tx.conn(), &self.tenant)?;
        // Creations are rare, and no more entries are counted than there may be.
        let own: u32 = tx
            .statement("SELECT count(*) FROM (SELECT 1 FROM schedules WHERE tenant_no = ?1 LIMIT ?2)")?
            .query_row(params![tenant_no, new.most], |row| row.get(0))?;
        if own >= new.most {
            return Err(StoreError::TooManySchedules { most: new.most }.into());
        }
        tx.statement(include_str!("../sql/insert_schedule.sql"))?
            .execute(params![
                new.id.uuid().as_bytes(),
                tenant_no,
                new.settings,
                new.created_at.as_millis(),
                maybe_millis(new.next_at),
            ])?;
        Ok(require(tx, &self.tenant, new.id)?.record)
    }

    fn tell(&self, _: &ScheduleRecord, watchers: &Watchers) {
        watchers.schedules();
    }

    fn payload(&self) -> usize {
        self.new.settings.len()
    }
}

pub(crate) struct UpdateSchedule {
    pub(crate) tenant: TenantId,
    pub(crate) id: ScheduleId,
    pub(crate) change: ScheduleChange,
    pub(crate) expected: Option<u64>,
}

impl Operation for UpdateSchedule {
    type Answer = ScheduleRecord;

    fn run(&self, tx: &Tx<'_>) -> Result<ScheduleRecord, OpError> {
        let mut found = expected(tx, &self.tenant, self.id, self.expected)?;
        let record = &mut found.record;
        record.settings = self.change.settings.clone();
        record.revision += 1;
        record.change += 1;
        record.updated_at = self.change.at;
        record.cursor = self.change.at;
        record.next_at = self.change.next_at;
        record.skipped += u64::from(record.waiting.take().is_some());
        write(tx, &found)?;
        Ok(found.record)
    }

    fn tell(&self, _: &ScheduleRecord, watchers: &Watchers) {
        watchers.schedules();
    }

    fn payload(&self) -> usize {
        self.change.settings.len()
    }
}

pub(crate) struct DeleteSchedule {
    pub(crate) tenant: TenantId,
    pub(crate) id: ScheduleId,
    pub(crate) expected: Option<u64>,
}

impl Operation for DeleteSchedule {
    type Answer = ();

    fn run(&self, tx: &Tx<'_>) -> Result<(), OpError> {
        let found = expected(tx, &self.tenant, self.id, self.expected)?;
        tx.statement("DELETE FROM schedules WHERE schedule_no = ?1")?
            .execute([found.schedule_no])?;
        Ok(())
    }
}

pub(super) fn require(tx: &Tx<'_>, tenant: &TenantId, id: ScheduleId) -> Result<NumberedSchedule, OpError> {
    schedule_by_id(tx.conn(), tenant, id)?.ok_or_else(|| StoreError::NotFound.into())
}

/// The schedule, if it is in the expected revision.
fn expected(
    tx: &Tx<'_>,
    tenant: &TenantId,
    id: ScheduleId,
    revision: Option<u64>,
) -> Result<NumberedSchedule, OpError> {
    let found = require(tx, tenant, id)?;
    if revision.is_some_and(|revision| revision != found.record.revision) {
        return Err(StoreError::PreconditionFailed.into());
    }
    Ok(found)
}

pub(super) fn write(tx: &Tx<'_>, schedule: &NumberedSchedule) -> rusqlite::Result<()> {
    let record = &schedule.record;
    let error = record.last_error.as_ref();
    let last_run = record.last_run.map(|run| run.uuid().into_bytes());
    tx.statement(include_str!("../sql/update_schedule.sql"))?
        .execute(params![
            schedule.schedule_no,
            record.settings,
            int(record.revision),
            int(record.change),
            record.updated_at.as_millis(),
            record.cursor.as_millis(),
            maybe_millis(record.next_at),
            maybe_millis(record.waiting),
            maybe_millis(record.last_fired_at),
            last_run,
            int(record.skipped),
            int(record.missed),
            int(record.failed),
            error.map(|error| &*error.code),
            error.map(|error| &*error.message),
            maybe_millis(error.map(|error: &FiringError| error.at)),
        ])?;
    Ok(())
}
