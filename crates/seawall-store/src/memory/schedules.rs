use futures_util::future::BoxFuture;

use crate::error::{StoreError, StoreResult};
use crate::ids::{RunId, ScheduleId, TenantId};
use crate::memory::fault::StoreOp;
use crate::memory::page::cut;
use crate::memory::state::{News, ScheduleRow, State};
use crate::memory::store::MemoryStore;
use crate::records::{
    DueSchedule, DueSchedules, Fired, Firing, NewSchedule, Overlap, Page, PageOf, ScheduleChange, ScheduleRecord,
    ScheduledRun,
};
use crate::roles::ScheduleStore;
use crate::time::Timestamp;

impl State {
    fn create_schedule(&mut self, tenant: &TenantId, new: NewSchedule) -> StoreResult<ScheduleRecord> {
        if self.schedules.values().any(|row| row.record.id == new.id) {
            return Err(StoreError::Exists);
        }
        let own = self.schedules.values().filter(|row| row.tenant == *tenant);
        if own.count() >= new.most as usize {
            return Err(StoreError::TooManySchedules { most: new.most });
        }
        let record = ScheduleRecord {
            id: new.id,
            settings: new.settings,
            revision: 1,
            change: 1,
            created_at: new.created_at,
            updated_at: new.created_at,
            cursor: new.created_at,
            next_at: new.next_at,
            waiting: None,
            last_fired_at: None,
            last_run: None,
            skipped: 0,
            missed: 0,
            failed: 0,
            last_error: None,
        };
        let number = self.number();
        let row = ScheduleRow {
            tenant: tenant.clone(),
            record: record.clone(),
        };
        self.schedules.insert(number, row);
        self.news.push(News::Schedules);
        Ok(record)
    }

    fn schedule_mut(&mut self, tenant: &TenantId, id: ScheduleId) -> StoreResult<&mut ScheduleRecord> {
        let mut rows = self.schedules.values_mut();
        rows.find(|row| row.record.id == id && row.tenant == *tenant)
            .map(|row| &mut row.record)
            .ok_or(StoreError::NotFound)
    }

    /// The schedule, if it is in the expected revision.
    fn expected_schedule(
        &mut self,
        tenant: &TenantId,
        id: ScheduleId,
        expected: Option<u64>,
    ) -> StoreResult<&mut ScheduleRecord> {
        let record = self.schedule_mut(tenant, id)?;
        if expected.is_some_and(|expected| expected != record.revision) {
            return Err(StoreError::PreconditionFailed);
        }
        Ok(record)
    }

    fn update_schedule(
        &mut self,
        tenant: &TenantId,
        id: ScheduleId,
        change: ScheduleChange,
        expected: Option<u64>,
    ) -> StoreResult<ScheduleRecord> {
        let record = self.expected_schedule(tenant, id, expected)?;
        record.settings = change.settings;
        record.revision += 1;
        record.change += 1;
        record.updated_at = change.at;
        record.cursor = change.at;
        record.next_at = change.next_at;
        record.skipped += u64::from(record.waiting.take().is_some());
        let record = record.clone();
        self.news.push(News::Schedules);
        Ok(record)
    }

    fn fire(&mut self, firing: Firing, now: Timestamp) -> StoreResult<Fired> {
        let (tenant, id) = (firing.tenant, firing.schedule);
        let mut record = self.schedule_mut(&tenant, id)?.clone();
        if record.change != firing.change {
            return Err(StoreError::PreconditionFailed);
        }
        if firing.takes_waiting {
            record.waiting = None;
        }
        let mut made = Vec::new();
        let mut skipped = 0;
        for ScheduledRun { fire_at, run } in firing.runs {
            if self.has_run(run.id) {
                continue;
            }
            if firing.overlap != Overlap::Allow && self.is_live(record.last_run) {
                if firing.overlap == Overlap::Queue && record.waiting.is_none() {
                    record.waiting = Some(fire_at);
                } else {
                    skipped += 1;
                }
                continue;
            }
            record.last_run = Some(run.id);
            record.last_fired_at = Some(fire_at);
            made.push(run.id);
            self.insert_run(&tenant, run, None, now);
        }
        record.change += 1;
        record.cursor = firing.cursor;
        record.next_at = firing.next_at;
        record.skipped += skipped;
        record.missed += firing.missed;
        record.failed += firing.failed;
        if firing.error.is_some() || !made.is_empty() {
            record.last_error = firing.error;
        }
        let waits = record.waiting.is_some();
        *self.schedule_mut(&tenant, id)? = record;
        Ok(Fired { made, skipped, waits })
    }

    fn is_live(&self, run: Option<RunId>) -> bool {
        let mut rows = self.runs.values();
        rows.any(|row| Some(row.record.id) == run && !row.record.projection.status.is_terminal())
    }

    fn due_schedules(&self, limit: u32, now: Timestamp) -> DueSchedules {
        let limit = limit as usize;
        let is_due = |row: &ScheduleRow| row.record.next_at.is_some_and(|next| next <= now);
        let mut due: Vec<&ScheduleRow> = self.schedules.values().filter(|row| is_due(row)).collect();
        due.sort_by_key(|row| row.record.next_at);
        due.truncate(limit);
        let waiting = || self.schedules.values().filter(|row| row.record.waiting.is_some());
        let free = waiting().filter(|row| !self.is_live(row.record.last_run)).take(limit);
        for row in free {
            if due.iter().all(|known| known.record.id != row.record.id) {
                due.push(row);
            }
        }
        DueSchedules {
            due: due
                .into_iter()
                .map(|row| DueSchedule {
                    tenant: row.tenant.clone(),
                    record: row.record.clone(),
                })
                .collect(),
            next: {
                let times = self.schedules.values().filter_map(|row| row.record.next_at);
                times.filter(|next| *next > now).min()
            },
            awaited: waiting()
                .filter(|row| self.is_live(row.record.last_run))
                .filter_map(|row| row.record.last_run)
                .take(DueSchedules::MAX_AWAITED)
                .collect(),
            now,
        }
    }
}

impl ScheduleStore for MemoryStore {
    fn create_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewSchedule,
    ) -> BoxFuture<'a, StoreResult<ScheduleRecord>> {
        Box::pin(async move {
            self.call(StoreOp::CreateSchedule, None, |state, _| {
                state.create_schedule(tenant, new)
            })
        })
    }

    fn schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
    ) -> BoxFuture<'a, StoreResult<Option<ScheduleRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                Ok(state.schedule_mut(tenant, id).ok().map(|record| record.clone()))
            })
        })
    }

    fn list_schedules<'a>(
        &'a self,
        tenant: &'a TenantId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<ScheduleRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let rows = state.schedules.iter().rev();
                let own = rows.filter(|(_, row)| row.tenant == *tenant);
                Ok(cut(own.map(|(number, row)| (*number, row.record.clone())), page))
            })
        })
    }

    fn update_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
        change: ScheduleChange,
        expected: Option<u64>,
    ) -> BoxFuture<'a, StoreResult<ScheduleRecord>> {
        Box::pin(async move {
            self.call(StoreOp::UpdateSchedule, None, |state, _| {
                state.update_schedule(tenant, id, change, expected)
            })
        })
    }

    fn delete_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
        expected: Option<u64>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            self.call(StoreOp::DeleteSchedule, None, |state, _| {
                state.expected_schedule(tenant, id, expected)?;
                state.schedules.retain(|_, row| row.record.id != id);
                Ok(())
            })
        })
    }

    fn fire(&self, firing: Firing) -> BoxFuture<'_, StoreResult<Fired>> {
        Box::pin(async move {
            let first = firing.runs.first().map(|scheduled| scheduled.run.id);
            self.call(StoreOp::Fire, first, |state, now| state.fire(firing, now))
        })
    }

    fn due_schedules(&self, limit: u32) -> BoxFuture<'_, StoreResult<DueSchedules>> {
        Box::pin(async move {
            self.call(StoreOp::DueSchedules, None, |state, now| {
                Ok(state.due_schedules(limit, now))
            })
        })
    }
}
