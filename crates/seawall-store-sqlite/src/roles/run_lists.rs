use rusqlite::{Connection, params};
use seawall_store::{Page, PageOf, RunFilter, RunRecord, RunStatus, TenantId, WorkflowRef};

use super::lists::{below, cut, list, wanted};
use crate::codec::{maybe_millis, status_code};
use crate::rows::{run, run_by_no, run_query};

/// The newest runs of one status, of the index alone. Without a status there are none.
macro_rules! of_status {
    ($status:literal) => {
        concat!(
            "SELECT run_no FROM (
                 SELECT c.run_no FROM runs c INDEXED BY runs_by_status
                 WHERE c.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1)
                   AND c.status = ",
            $status,
            " AND c.run_no < ?2
                   AND (?3 IS NULL OR c.pin_no IN (SELECT pin_no FROM run_workflows WHERE name = ?3))
                   AND (?4 IS NULL OR c.pin_no IN (SELECT pin_no FROM run_workflows WHERE id = ?4))
                   AND (?5 IS NULL OR c.created_at >= ?5)
                   AND (?7 IS NULL OR c.created_at < ?7)
                 ORDER BY c.run_no DESC LIMIT ?6)"
        )
    };
    ($first:literal, $($status:literal),+) => {
        concat!(of_status!($first), $(" UNION ALL ", of_status!($status)),+)
    };
}

/// Of each status its newest, and of these the newest: the index has them in order for one status only.
const BY_STATUSES: &str = run_query!(concat!(
    "WHERE r.run_no IN (",
    of_status!("?8", "?9", "?10", "?11", "?12", "?13", "?14", "?15"),
    ") ORDER BY r.run_no DESC LIMIT ?6"
));

/// A workflow with no more runs than this is read by itself, whatever the statuses; those of a commoner one are found among
/// all runs of these statuses.
const RARE: i64 = 5000;

pub(super) fn list_runs(
    conn: &Connection,
    tenant: &TenantId,
    filter: &RunFilter,
    page: Page,
) -> rusqlite::Result<PageOf<RunRecord>> {
    if let Some(workflow) = &filter.workflow {
        let pins = pins(conn, workflow)?;
        if filter.statuses.is_none() || are_rare(conn, tenant, &pins)? {
            return of_workflow(conn, (tenant, &pins), filter, page);
        }
    }
    let (name, id) = match &filter.workflow {
        None => (None, None),
        Some(WorkflowRef::Name(name)) => (Some(name), None),
        Some(WorkflowRef::Id(id)) => (None, Some(id.uuid().into_bytes())),
    };
    let (tenant, below, wanted) = (tenant.as_str(), below(page), wanted(page));
    let (since, until) = (maybe_millis(filter.since), maybe_millis(filter.until));
    let numbered = |row: &rusqlite::Row<'_>| run(row).map(|record| (record.key.0, record));
    let Some(statuses) = filter.statuses else {
        let sql = run_query!(include_str!("../sql/list_runs.sql"));
        return list(conn, sql, params![tenant, below, since, until, wanted], page, numbered);
    };
    let [a, b, c, d, e, f, g, h] =
        RunStatus::ALL.map(|status| statuses.contains(status).then_some(status_code(status)));
    let params = params![tenant, below, name, id, since, wanted, until, a, b, c, d, e, f, g, h];
    list(conn, BY_STATUSES, params, page, numbered)
}

/// What runs of the workflow are pinned to: a number for each name that it had, or for each workflow that had the name.
fn pins(conn: &Connection, workflow: &WorkflowRef) -> rusqlite::Result<Vec<i64>> {
    let number = |row: &rusqlite::Row<'_>| row.get(0);
    match workflow {
        WorkflowRef::Name(name) => conn
            .prepare_cached("SELECT pin_no FROM run_workflows WHERE name = ?1")?
            .query_map([name], number)?
            .collect(),
        WorkflowRef::Id(id) => conn
            .prepare_cached("SELECT pin_no FROM run_workflows WHERE id = ?1")?
            .query_map([id.uuid().as_bytes()], number)?
            .collect(),
    }
}

fn are_rare(conn: &Connection, tenant: &TenantId, pins: &[i64]) -> rusqlite::Result<bool> {
    let mut count = conn.prepare_cached(
        "SELECT count(*) FROM (
             SELECT 1 FROM runs INDEXED BY runs_by_pin
             WHERE tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND pin_no = ?2 LIMIT ?3)",
    )?;
    let mut left = RARE;
    for pin in pins {
        left -= count.query_row(params![tenant.as_str(), pin, left + 1], |row| row.get::<_, i64>(0))?;
        if left < 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Of each pin its newest, and of these the newest: the index has them in order for one pin only.
fn of_workflow(
    conn: &Connection,
    (tenant, pins): (&TenantId, &[i64]),
    filter: &RunFilter,
    page: Page,
) -> rusqlite::Result<PageOf<RunRecord>> {
    let (below, wanted) = (below(page), wanted(page));
    let (since, until) = (maybe_millis(filter.since), maybe_millis(filter.until));
    let statuses = filter.statuses.map(|statuses| {
        let wanted = RunStatus::ALL.into_iter().filter(|status| statuses.contains(*status));
        wanted.fold(0, |bits, status| bits | 1i64 << status_code(status))
    });
    let mut newest = conn.prepare_cached(include_str!("../sql/list_of_workflow.sql"))?;
    let mut numbers: Vec<i64> = Vec::new();
    for pin in pins {
        let params = params![tenant.as_str(), pin, below, since, until, statuses, wanted];
        for number in newest.query_map(params, |row| row.get(0))? {
            numbers.push(number?);
        }
    }
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
    let mut rows = Vec::new();
    for number in numbers {
        rows.extend(run_by_no(conn, number)?.map(|record| (number, record)));
    }
    Ok(cut(rows, page))
}

#[cfg(test)]
mod tests {
    use seawall_store::SystemClock;

    use super::*;
    use crate::migrate;

    #[test]
    fn the_runs_of_a_workflow_stand_in_an_index_in_the_order_of_the_list() {
        let conn = Connection::open_in_memory().expect("memory opens");
        migrate::apply(&conn, &SystemClock).expect("a new file takes every migration");
        let sql = concat!("EXPLAIN QUERY PLAN ", include_str!("../sql/list_of_workflow.sql"));
        let mut statement = conn.prepare(sql).expect("it is SQL");
        let nothing = rusqlite::params_from_iter([rusqlite::types::Null; 7]);
        let steps = statement
            .query_map(nothing, |row| row.get::<_, String>(3))
            .expect("a plan");
        let plan = steps.collect::<rusqlite::Result<Vec<_>>>().expect("a plan").join("; ");
        assert!(
            plan.contains("INDEX runs_by_pin (tenant_no=? AND pin_no=? AND run_no<?)"),
            "{plan}"
        );
        assert!(!plan.contains("TEMP B-TREE"), "it sorts: {plan}");
    }
}
