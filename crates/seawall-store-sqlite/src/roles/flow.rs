use std::sync::Arc;

use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use seawall_store::{
    FlowLine, FlowPlace, FlowStage, FlowStore, Page, PageOf, QueueName, RunId, RunStatus, StoreResult, TenantId,
    WorkflowId,
};

use super::lists::{below, list, wanted};
use crate::SqliteStore;
use crate::codec::{count_at, flow_stage_at, maybe_time_at, run_id_at, status_at, time_at, uuid_at};
use crate::ops::rate_at;
use crate::rows::line_query;

impl FlowStore for SqliteStore {
    fn flow_place<'a>(&'a self, tenant: &'a TenantId, run: RunId) -> BoxFuture<'a, StoreResult<Option<FlowPlace>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.read(move |conn| Ok(place(conn, &tenant, run)?)))
    }

    fn list_flow<'a>(
        &'a self,
        tenant: &'a TenantId,
        scope: WorkflowId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<FlowLine>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.list(move |conn| {
            let scope = scope.uuid();
            let params = params![tenant.as_str(), scope.as_bytes(), below(page), wanted(page)];
            let sql = line_query!(include_str!("../sql/list_flow.sql"));
            Ok(list(conn, sql, params, page, |row| Ok((row.get(0)?, line(row)?)))?)
        }))
    }

    fn claimed_of_key<'a>(
        &'a self,
        tenant: &'a TenantId,
        queue: &'a QueueName,
        key: &'a str,
    ) -> BoxFuture<'a, StoreResult<u64>> {
        let (tenant, name, key) = (tenant.clone(), queue.clone(), key.to_owned());
        Box::pin(self.readers.read(move |conn| {
            let claimed = conn
                .prepare_cached(
                    "SELECT k.claimed FROM queue_keys k JOIN queues q ON q.queue_no = k.queue_no
                     WHERE q.name = ?1 AND q.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2) AND k.key = ?3",
                )?
                .query_row((name.as_str(), tenant.as_str(), &key), |row| count_at(row, 0, "count"))
                .optional()?;
            Ok(claimed.unwrap_or(0))
        }))
    }
}

/// A row of `sql/line_columns.sql`.
fn line(row: &Row<'_>) -> rusqlite::Result<FlowLine> {
    Ok(FlowLine {
        key: key(row.get(1)?),
        running: row.get(2)?,
        queued: row.get(3)?,
        waiting: row.get(4)?,
        next_at: maybe_time_at(row, 5)?,
        slots: row.get(6)?,
        rate: rate_at(row, 7)?,
        waiting_since: maybe_time_at(row, 9)?,
    })
}

fn key(text: Arc<str>) -> Option<Arc<str>> {
    (!text.is_empty()).then_some(text)
}

fn place(conn: &Connection, tenant: &TenantId, run: RunId) -> rusqlite::Result<Option<FlowPlace>> {
    conn.prepare_cached(include_str!("../sql/flow_place.sql"))?
        .query_row(params![run.uuid().as_bytes(), tenant.as_str()], |row| {
            let (scope_no, name): (i64, Arc<str>) = (row.get(1)?, row.get(2)?);
            let stage = flow_stage_at(row, 3)?;
            let line = conn
                .prepare_cached(line_query!("WHERE l.scope_no = ?1 AND l.key = ?2"))?
                .query_row(params![scope_no, name], line)
                .optional()?;
            let line = match line {
                Some(line) => line,
                None => empty_line(conn, scope_no, key(name.clone()))?,
            };
            let (ahead, holders) = match stage {
                FlowStage::Queued => (
                    ahead(conn, row.get(6)?, row.get(7)?, row.get(8)?)?,
                    holders(conn, row.get(6)?)?,
                ),
                _ => (0, Vec::new()),
            };
            Ok(FlowPlace {
                run: run_id_at(row, 9)?,
                scope: uuid_at(row, 0).map(WorkflowId::from_uuid)?,
                key: key(name),
                stage,
                since: time_at(row, 4)?,
                not_before: maybe_time_at(row, 5)?,
                ahead,
                holders,
                line,
            })
        })
        .optional()
}

/// The line of a released run in which nothing is any more.
fn empty_line(conn: &Connection, scope_no: i64, key: Option<Arc<str>>) -> rusqlite::Result<FlowLine> {
    conn.prepare_cached("SELECT slots, rate_limit, rate_per FROM flow_scopes WHERE scope_no = ?1")?
        .query_row([scope_no], |row| {
            Ok(FlowLine {
                key,
                slots: row.get(0)?,
                rate: rate_at(row, 1)?,
                running: 0,
                queued: 0,
                waiting: 0,
                waiting_since: None,
                next_at: None,
            })
        })
}

/// For people who ask, and bounded: nothing is decided by it.
fn ahead(conn: &Connection, line_no: i64, place: i64, run_no: i64) -> rusqlite::Result<u32> {
    conn.prepare_cached(
        "SELECT count(*) FROM (
             SELECT 1 FROM flow_runs WHERE line_no = ?1 AND stage = 1 AND (place, run_no) < (?2, ?3) LIMIT ?4)",
    )?
    .query_row(params![line_no, place, run_no, FlowPlace::MAX_AHEAD], |row| row.get(0))
}

/// As `ahead`. The index knows only those that were not told to give way.
fn holders(conn: &Connection, line_no: i64) -> rusqlite::Result<Vec<(RunId, RunStatus)>> {
    conn.prepare_cached(
        "SELECT r.id, r.status FROM flow_runs f INDEXED BY flow_runs_untold CROSS JOIN runs r ON r.run_no = f.run_no
         WHERE f.line_no = ?1 AND f.stage = 2 AND f.told = 0 ORDER BY f.run_no LIMIT ?2",
    )?
    .query_map(params![line_no, FlowPlace::MAX_HOLDERS], |row| {
        Ok((run_id_at(row, 0)?, status_at(row, 1)?))
    })?
    .collect()
}
