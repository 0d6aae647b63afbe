use rusqlite::{Connection, params};
use seawall_store::{Page, PageOf, RunFilter, RunRecord, RunStatus, TenantId, WorkflowRef};

use super::lists::{below, list, wanted};
use crate::codec::{maybe_millis, status_code};
use crate::rows::{run, run_query};

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

pub(super) fn list_runs(
    conn: &Connection,
    tenant: &TenantId,
    filter: &RunFilter,
    page: Page,
) -> rusqlite::Result<PageOf<RunRecord>> {
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
        let params = params![tenant, below, name, id, since, wanted, until];
        return list(conn, sql, params, page, numbered);
    };
    let [a, b, c, d, e, f, g, h] =
        RunStatus::ALL.map(|status| statuses.contains(status).then_some(status_code(status)));
    let params = params![tenant, below, name, id, since, wanted, until, a, b, c, d, e, f, g, h];
    list(conn, BY_STATUSES, params, page, numbered)
}
