//! Reading everything as it is stored: what cannot be read is told, not refused. Used by the store's own readers and by an
//! [`crate::SqliteInspector`].

use rusqlite::{Connection, OptionalExtension as _, params};
use seawall_store::{
    FlowStage, InspectedRun, InspectedSchedule, MessageKey, RunId, RunKey, RunParts, RunStatus, ScheduleId, StoreError,
    Strays, TaskId, TenantId, WorkflowRecord, WorkflowVersion,
};

use crate::codec::{flow_stage_at, run_id_at, status_at, task_status_at, uuid_at};
use crate::error::OpError;
use crate::rows::{approvals_of, run_by_no, schedule_by_no, segment, version};

type Read<T> = Result<T, OpError>;

/// A kind of rows, and how those of no run are counted and deleted. Journal entries are never deleted.
pub(crate) struct Kind {
    what: &'static str,
    count: &'static str,
    pub(crate) delete: Option<&'static str>,
}

/// A line to each table that names runs by their numbers.
pub(crate) const OF_NO_RUN: &[Kind] = &[
    Kind {
        what: "journal",
        count: "SELECT count(*) FROM journal WHERE run_no NOT IN (SELECT run_no FROM runs)",
        delete: None,
    },
    Kind {
        what: "inbox",
        count: "SELECT count(*) FROM inbox WHERE run_no NOT IN (SELECT run_no FROM runs)",
        delete: Some("DELETE FROM inbox WHERE run_no NOT IN (SELECT run_no FROM runs)"),
    },
    Kind {
        what: "approvals",
        count: "SELECT count(*) FROM approvals WHERE run_no NOT IN (SELECT run_no FROM runs)",
        delete: Some("DELETE FROM approvals WHERE run_no NOT IN (SELECT run_no FROM runs)"),
    },
    Kind {
        what: "idempotency_keys",
        count: "SELECT count(*) FROM idempotency_keys WHERE run_no NOT IN (SELECT run_no FROM runs)",
        delete: Some("DELETE FROM idempotency_keys WHERE run_no NOT IN (SELECT run_no FROM runs)"),
    },
    Kind {
        what: "run_parents",
        count: "SELECT count(*) FROM run_parents WHERE run_no NOT IN (SELECT run_no FROM runs)",
        delete: Some("DELETE FROM run_parents WHERE run_no NOT IN (SELECT run_no FROM runs)"),
    },
    // Deleted by hand, these may leave counters wrong: they are counted anew after that.
    Kind {
        what: "tasks",
        count: "SELECT count(*) FROM tasks WHERE run_no NOT IN (SELECT run_no FROM runs)",
        delete: Some("DELETE FROM tasks WHERE run_no NOT IN (SELECT run_no FROM runs)"),
    },
    Kind {
        what: "flow_runs",
        count: "SELECT count(*) FROM flow_runs WHERE run_no NOT IN (SELECT run_no FROM runs)",
        delete: Some("DELETE FROM flow_runs WHERE run_no NOT IN (SELECT run_no FROM runs)"),
    },
];

pub(crate) fn runs(conn: &Connection, after: Option<RunKey>, limit: u32) -> Read<Vec<InspectedRun>> {
    let mut statement = conn.prepare_cached(
        "SELECT r.run_no, r.id, t.name,
                r.holder IS NULL OR EXISTS (SELECT 1 FROM nodes n WHERE n.id = r.holder AND n.dead = 0)
         FROM runs r LEFT JOIN tenants t ON t.tenant_no = r.tenant_no
         WHERE r.run_no > ?1 ORDER BY r.run_no LIMIT ?2",
    )?;
    let mut rows = statement.query(params![after.map_or(i64::MIN, |after| after.0), limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let key = RunKey(row.get(0)?);
        let tenant: Option<String> = row.get(2)?;
        found.push(InspectedRun {
            key,
            id: run_id_at(row, 1).ok(),
            tenant: tenant.and_then(|name| TenantId::new(&name).ok()),
            row: match run_by_no(conn, key.0) {
                Ok(Some(record)) => Ok(record),
                Ok(None) => Err("its row names a workflow that is not there".to_owned()),
                Err(error) => Err(told(&error)),
            },
            holder_lives: row.get(3)?,
        });
    }
    Ok(found)
}

/// What stands on a broken page, or behind a broken index, is told; the rest is there.
pub(crate) fn parts(conn: &Connection, run: RunKey) -> RunParts {
    let mut parts = RunParts::default();
    if let Err(error) = segments(conn, run, &mut parts) {
        parts.troubles.push(format!("its journal: {}", told(&error)));
    }
    match approvals_of(conn, run.0) {
        Ok(approvals) => {
            for approval in approvals {
                match approval {
                    Ok(record) => parts.approvals.push(record),
                    Err(error) => parts.troubles.push(format!("an approval: {}", told(&error))),
                }
            }
        }
        Err(error) => parts.troubles.push(format!("its approvals: {}", told(&error))),
    }
    let messages = unread(conn, run).and_then(|unread| Ok((unread, withheld(conn, run)?)));
    match messages {
        Ok((unread, withheld)) => (parts.unread, parts.withheld) = (unread, withheld),
        Err(error) => parts.troubles.push(format!("its inbox: {}", told(&error))),
    }
    match stage(conn, run) {
        Ok(stage) => parts.stage = stage,
        Err(error) => parts
            .troubles
            .push(format!("its place in flow control: {}", told(&error))),
    }
    if let Err(error) = tasks(conn, run, &mut parts) {
        parts.troubles.push(format!("its tasks: {}", told(&error)));
    }
    parts
}

fn stage(conn: &Connection, run: RunKey) -> rusqlite::Result<Option<FlowStage>> {
    conn.prepare_cached("SELECT stage FROM flow_runs WHERE run_no = ?1")?
        .query_row([run.0], |row| flow_stage_at(row, 0))
        .optional()
}

fn segments(conn: &Connection, run: RunKey, parts: &mut RunParts) -> rusqlite::Result<()> {
    let mut statement =
        conn.prepare_cached("SELECT first_seq, count, bytes FROM journal WHERE run_no = ?1 ORDER BY first_seq")?;
    let mut rows = statement.query([run.0])?;
    while let Some(row) = rows.next()? {
        match segment(row) {
            Ok(segment) => parts.segments.push(segment),
            Err(error) => parts
                .troubles
                .push(format!("an entry of its journal: {}", told(&error))),
        }
    }
    Ok(())
}

fn unread(conn: &Connection, run: RunKey) -> rusqlite::Result<Vec<MessageKey>> {
    conn.prepare_cached("SELECT key FROM inbox WHERE run_no = ?1 AND unread = 1 ORDER BY inbox_no")?
        .query_map([run.0], |row| row.get(0).map(MessageKey))?
        .collect()
}

fn withheld(conn: &Connection, run: RunKey) -> rusqlite::Result<u64> {
    conn.prepare_cached("SELECT count(*) FROM inbox WHERE run_no = ?1 AND unread = 2")?
        .query_row([run.0], |row| row.get::<_, i64>(0))
        .map(|count| u64::try_from(count).unwrap_or(0))
}

/// What is wrong with a value, without SQLite's numbers of columns.
fn told(error: &rusqlite::Error) -> String {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    match error {
        FromSqlConversionFailure(_, _, cause) => cause.to_string(),
        InvalidColumnType(_, name, kind) => format!("`{name}` holds a value of the type {kind}"),
        IntegralValueOutOfRange(_, number) => format!("the number {number} makes no sense"),
        other => other.to_string(),
    }
}

fn tasks(conn: &Connection, run: RunKey, parts: &mut RunParts) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached("SELECT id, status FROM tasks WHERE run_no = ?1")?;
    let mut rows = statement.query([run.0])?;
    while let Some(row) = rows.next()? {
        match uuid_at(row, 0).and_then(|id| Ok((TaskId::from_uuid(id), task_status_at(row, 1)?))) {
            Ok((id, status)) => drop(parts.tasks.insert(id, status)),
            Err(error) => parts.troubles.push(format!("a task: {}", told(&error))),
        }
    }
    Ok(())
}

pub(crate) fn schedules(conn: &Connection, after: Option<i64>, limit: u32) -> Read<Vec<InspectedSchedule>> {
    let mut statement = conn
        .prepare_cached("SELECT schedule_no, id FROM schedules WHERE schedule_no > ?1 ORDER BY schedule_no LIMIT ?2")?;
    let mut rows = statement.query(params![after.unwrap_or(i64::MIN), limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let place = row.get(0)?;
        found.push(InspectedSchedule {
            place,
            id: uuid_at(row, 1).map(ScheduleId::from_uuid).ok(),
            row: match schedule_by_no(conn, place) {
                Ok(Some(found)) => Ok(found.record),
                Ok(None) => Err("its row names a tenant that is not there".to_owned()),
                Err(error) => Err(told(&error)),
            },
        });
    }
    Ok(found)
}

pub(crate) fn id(conn: &Connection, tenant: &TenantId, id: RunId) -> Read<Option<(RunKey, RunStatus)>> {
    let found = conn
        .prepare_cached(
            "SELECT run_no, status FROM runs WHERE id = ?1 AND tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)",
        )?
        .query_row(params![id.uuid().as_bytes(), tenant.as_str()], |row| {
            Ok((RunKey(row.get(0)?), status_at(row, 1).ok()))
        })
        .optional()?;
    Ok(found.and_then(|(key, status)| Some((key, status?))))
}

pub(crate) fn message(conn: &Connection, run: RunKey, key: &MessageKey) -> Read<Option<bool>> {
    let unread = conn
        .prepare_cached("SELECT unread = 1 FROM inbox WHERE run_no = ?1 AND key = ?2")?
        .query_row(params![run.0, key.0], |row| row.get(0))
        .optional()?;
    Ok(unread)
}

pub(crate) fn workflow(
    conn: &Connection,
    tenant: &TenantId,
    workflow: &WorkflowVersion,
) -> Read<Option<WorkflowRecord>> {
    Ok(version(conn, tenant, workflow.id, workflow.version)?)
}

pub(crate) fn strays(conn: &Connection) -> Read<Vec<Strays>> {
    let mut found = Vec::new();
    for kind in OF_NO_RUN {
        let rows: i64 = conn.prepare_cached(kind.count)?.query_row([], |row| row.get(0))?;
        let rows = u64::try_from(rows).unwrap_or(0);
        if rows > 0 {
            found.push(Strays { what: kind.what, rows });
        }
    }
    Ok(found)
}

/// What SQLite itself finds, pages and indexes, and then the references between tables. Where a check breaks off, that is one
/// more thing that it has found.
pub(crate) fn integrity(conn: &Connection, limit: u32) -> Vec<String> {
    let mut found = Vec::new();
    if let Err(error) = pages(conn, limit, &mut found) {
        found.push(format!("the check of pages and indexes broke off: {error}"));
    }
    if let Err(error) = references(conn, limit, &mut found) {
        found.push(format!("the check of references broke off: {error}"));
    }
    found
}

fn pages(conn: &Connection, limit: u32, found: &mut Vec<String>) -> rusqlite::Result<()> {
    conn.pragma(None, "integrity_check", limit, |row| {
        let text: String = row.get(0)?;
        if text != "ok" {
            found.push(text);
        }
        Ok(())
    })
}

fn references(conn: &Connection, limit: u32, found: &mut Vec<String>) -> rusqlite::Result<()> {
    let mut statement = conn.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if found.len() >= limit as usize {
            break;
        }
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        found.push(format!("a row of {table} names a row of {parent} that is not there"));
    }
    Ok(())
}

pub(crate) fn read_only() -> StoreError {
    StoreError::Unavailable {
        reason: "it was opened for reading only",
        source: None,
    }
}
