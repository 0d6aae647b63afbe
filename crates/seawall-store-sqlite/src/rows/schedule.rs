use rusqlite::{Connection, OptionalExtension as _, Row, params};
use seawall_store::{FiringError, ScheduleId, ScheduleRecord, TenantId};

use super::schedule_query;
use crate::codec::{count_at, maybe_run_id_at, maybe_time_at, shared, tenant_at, time_at, uuid_at};

/// A schedule with its number and its tenant.
pub(crate) struct NumberedSchedule {
    pub(crate) schedule_no: i64,
    pub(crate) tenant: TenantId,
    pub(crate) record: ScheduleRecord,
}

/// A row of `sql/schedule_columns.sql`.
pub(crate) fn schedule(row: &Row<'_>) -> rusqlite::Result<NumberedSchedule> {
    Ok(NumberedSchedule {
        schedule_no: row.get(0)?,
        tenant: tenant_at(row, 1)?,
        record: ScheduleRecord {
            id: uuid_at(row, 2).map(ScheduleId::from_uuid)?,
            settings: shared(row, 3)?,
            revision: count_at(row, 4, "revision")?,
            change: count_at(row, 5, "count of changes")?,
            created_at: time_at(row, 6)?,
            updated_at: time_at(row, 7)?,
            cursor: time_at(row, 8)?,
            next_at: maybe_time_at(row, 9)?,
            waiting: maybe_time_at(row, 10)?,
            last_fired_at: maybe_time_at(row, 11)?,
            last_run: maybe_run_id_at(row, 12)?,
            skipped: count_at(row, 13, "count of firings")?,
            missed: count_at(row, 14, "count of firings")?,
            failed: count_at(row, 15, "count of firings")?,
            last_error: last_error(row)?,
        },
    })
}

fn last_error(row: &Row<'_>) -> rusqlite::Result<Option<FiringError>> {
    let Some(at) = maybe_time_at(row, 18)? else {
        return Ok(None);
    };
    Ok(Some(FiringError {
        code: shared(row, 16)?,
        message: shared(row, 17)?,
        at,
    }))
}

pub(crate) fn schedule_by_no(conn: &Connection, schedule_no: i64) -> rusqlite::Result<Option<NumberedSchedule>> {
    conn.prepare_cached(schedule_query!("WHERE s.schedule_no = ?1"))?
        .query_row([schedule_no], schedule)
        .optional()
}

pub(crate) fn schedule_by_id(
    conn: &Connection,
    tenant: &TenantId,
    id: ScheduleId,
) -> rusqlite::Result<Option<NumberedSchedule>> {
    conn.prepare_cached(schedule_query!("WHERE s.id = ?1 AND t.name = ?2"))?
        .query_row(params![id.uuid().as_bytes(), tenant.as_str()], schedule)
        .optional()
}
