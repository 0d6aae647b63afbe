use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _, params};
use seawall_store::{
    DueSchedule, DueSchedules, Fired, Firing, NewSchedule, Page, PageOf, RunId, ScheduleChange, ScheduleId,
    ScheduleRecord, ScheduleStore, StoreResult, TenantId, Timestamp,
};

use super::lists::{below, list, wanted};
use crate::SqliteStore;
use crate::codec::{run_id_at, time_at};
use crate::ops::{CreateSchedule, DeleteSchedule, Fire, UpdateSchedule};
use crate::rows::{NumberedSchedule, schedule, schedule_by_id, schedule_query};
use crate::writer::Lane;

impl ScheduleStore for SqliteStore {
    fn create_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewSchedule,
    ) -> BoxFuture<'a, StoreResult<ScheduleRecord>> {
        let tenant = tenant.clone();
        Box::pin(self.writer.submit(Lane::Client, CreateSchedule { tenant, new }))
    }

    fn schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
    ) -> BoxFuture<'a, StoreResult<Option<ScheduleRecord>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.read(move |conn| {
            let found = schedule_by_id(conn, &tenant, id)?;
            Ok(found.map(|found| found.record))
        }))
    }

    fn list_schedules<'a>(
        &'a self,
        tenant: &'a TenantId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<ScheduleRecord>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.list(move |conn| {
            let sql = schedule_query!(
                "WHERE s.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND s.schedule_no < ?2
                 ORDER BY s.schedule_no DESC LIMIT ?3"
            );
            let params = params![tenant.as_str(), below(page), wanted(page)];
            Ok(list(conn, sql, params, page, |row| {
                schedule(row).map(|found| (found.schedule_no, found.record))
            })?)
        }))
    }

    fn update_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
        change: ScheduleChange,
        expected: Option<u64>,
    ) -> BoxFuture<'a, StoreResult<ScheduleRecord>> {
        let update = UpdateSchedule {
            tenant: tenant.clone(),
            id,
            change,
            expected,
        };
        Box::pin(self.writer.submit(Lane::Client, update))
    }

    fn delete_schedule<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ScheduleId,
        expected: Option<u64>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        let delete = DeleteSchedule {
            tenant: tenant.clone(),
            id,
            expected,
        };
        Box::pin(self.writer.submit(Lane::Client, delete))
    }

    fn fire(&self, firing: Firing) -> BoxFuture<'_, StoreResult<Fired>> {
        Box::pin(async move { Ok(self.writer.submit(Lane::Held, Fire(firing)).await?.fired) })
    }

    fn due_schedules(&self, limit: u32) -> BoxFuture<'_, StoreResult<DueSchedules>> {
        let now = self.clock.now();
        Box::pin(
            self.readers
                .read(move |conn| Ok(due_schedules(conn, i64::from(limit), now)?)),
        )
    }
}

fn due_schedules(conn: &Connection, limit: i64, now: Timestamp) -> rusqlite::Result<DueSchedules> {
    let mut found = conn
        .prepare_cached(schedule_query!(
            "WHERE s.next_at IS NOT NULL AND s.next_at <= ?1 ORDER BY s.next_at, s.schedule_no LIMIT ?2"
        ))?
        .query_map(params![now.as_millis(), limit], schedule)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for free in free_schedules(conn, limit)? {
        if found.iter().all(|known| known.schedule_no != free.schedule_no) {
            found.push(free);
        }
    }
    let next = conn
        .prepare_cached(
            "SELECT next_at FROM schedules WHERE next_at IS NOT NULL AND next_at > ?1 ORDER BY next_at LIMIT 1",
        )?
        .query_row([now.as_millis()], |row| time_at(row, 0))
        .optional()?;
    Ok(DueSchedules {
        due: found
            .into_iter()
            .map(|found| DueSchedule {
                tenant: found.tenant,
                record: found.record,
            })
            .collect(),
        next,
        awaited: awaited_runs(conn)?,
        now,
    })
}

/// Those with a waiting firing and no live run before it. The numbers of ended runs are those of codec.rs.
fn free_schedules(conn: &Connection, limit: i64) -> rusqlite::Result<Vec<NumberedSchedule>> {
    conn.prepare_cached(schedule_query!(
        "WHERE s.waiting IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = s.last_run AND r.status NOT IN (5, 6, 7))
         ORDER BY s.schedule_no LIMIT ?1"
    ))?
    .query_map([limit], schedule)?
    .collect()
}

fn awaited_runs(conn: &Connection) -> rusqlite::Result<Vec<RunId>> {
    let most = i64::try_from(DueSchedules::MAX_AWAITED).unwrap_or(i64::MAX);
    conn.prepare_cached(
        "SELECT r.id FROM schedules s JOIN runs r ON r.id = s.last_run
         WHERE s.waiting IS NOT NULL AND r.status NOT IN (5, 6, 7) ORDER BY s.schedule_no LIMIT ?1",
    )?
    .query_map([most], |row| run_id_at(row, 0))?
    .collect()
}
