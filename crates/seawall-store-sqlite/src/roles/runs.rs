use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _, params};
use seawall_store::{
    CreatedRun, Digest, JournalPage, NewMessage, NewRun, Page, PageOf, RunFilter, RunId, RunRecord, RunStore, RunWatch,
    Segment, Sent, Seq, StoreError, StoreResult, TenantId,
};

use super::run_lists::list_runs;
use crate::SqliteStore;
use crate::codec::int;
use crate::error::OpError;
use crate::ops::{CreateRun, Send, Wake};
use crate::rows::{run_by_id, segment};
use crate::writer::Lane;

impl RunStore for SqliteStore {
    fn create_run<'a>(&'a self, tenant: &'a TenantId, new: NewRun) -> BoxFuture<'a, StoreResult<CreatedRun>> {
        let tenant = tenant.clone();
        Box::pin(async move {
            let created = self.writer.submit(Lane::Client, CreateRun { tenant, new }).await?;
            Ok(created.run)
        })
    }

    fn run<'a>(&'a self, tenant: &'a TenantId, id: RunId) -> BoxFuture<'a, StoreResult<Option<RunRecord>>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.read(move |conn| Ok(run_by_id(conn, &tenant, id)?)))
    }

    fn list_runs<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: RunFilter,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<RunRecord>>> {
        let tenant = tenant.clone();
        Box::pin(
            self.readers
                .list(move |conn| Ok(list_runs(conn, &tenant, &filter, page)?)),
        )
    }

    fn first_segments<'a>(
        &'a self,
        tenant: &'a TenantId,
        runs: &'a [RunId],
        max_bytes: usize,
    ) -> BoxFuture<'a, StoreResult<Vec<(RunId, Segment)>>> {
        let (tenant, runs) = (tenant.clone(), runs.to_vec());
        Box::pin(
            self.readers
                .list(move |conn| Ok(first_segments(conn, &tenant, &runs, max_bytes)?)),
        )
    }

    fn journal<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: RunId,
        after: Seq,
        max_bytes: usize,
    ) -> BoxFuture<'a, StoreResult<JournalPage>> {
        let tenant = tenant.clone();
        Box::pin(self.readers.read(move |conn| {
            let record = run_by_id(conn, &tenant, id)?.ok_or(StoreError::NotFound)?;
            let segments = segments_after(conn, record.key.0, after, max_bytes)?;
            Ok(JournalPage { record, segments })
        }))
    }

    fn send<'a>(&'a self, tenant: &'a TenantId, id: RunId, message: NewMessage) -> BoxFuture<'a, StoreResult<Sent>> {
        let send = Send {
            tenant: tenant.clone(),
            run: id,
            fingerprint: Digest::of(&message.body),
            message,
        };
        Box::pin(async move {
            let accepted = self.writer.submit(Lane::Client, send).await?;
            Ok(accepted.sent)
        })
    }

    fn wake<'a>(&'a self, tenant: &'a TenantId, runs: Vec<RunId>) -> BoxFuture<'a, StoreResult<u32>> {
        let tenant = tenant.clone();
        Box::pin(self.writer.submit(Lane::Held, Wake { tenant, runs }))
    }

    fn watch(&self, id: RunId) -> RunWatch {
        self.watchers.watch(id)
    }
}

/// From the segment that holds the place after `after` on, until `max_bytes`; at least one, if there is any.
fn segments_after(conn: &Connection, run_no: i64, after: Seq, max_bytes: usize) -> Result<Vec<Segment>, OpError> {
    let start: Option<i64> = conn
        .prepare_cached(
            "SELECT first_seq FROM journal WHERE run_no = ?1 AND first_seq <= ?2 ORDER BY first_seq DESC LIMIT 1",
        )?
        .query_row(params![run_no, int(after.0.saturating_add(1))], |row| row.get(0))
        .optional()?;
    let mut statement = conn.prepare_cached(
        "SELECT first_seq, count, bytes FROM journal WHERE run_no = ?1 AND first_seq >= ?2 ORDER BY first_seq",
    )?;
    let mut rows = statement.query(params![run_no, start.unwrap_or(0)])?;
    let mut segments = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        let segment = segment(row)?;
        // The one that begins before may end before, too.
        if segment.last() <= after {
            continue;
        }
        bytes += segment.bytes.len();
        if bytes > max_bytes && !segments.is_empty() {
            break;
        }
        segments.push(segment);
    }
    Ok(segments)
}

fn first_segments(
    conn: &Connection,
    tenant: &TenantId,
    runs: &[RunId],
    max_bytes: usize,
) -> rusqlite::Result<Vec<(RunId, Segment)>> {
    let mut statement = conn.prepare_cached(
        "SELECT j.first_seq, j.count, j.bytes
         FROM runs r CROSS JOIN journal j ON j.run_no = r.run_no AND j.first_seq = 1
         WHERE r.id = ?1 AND r.tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)",
    )?;
    let mut bytes = 0;
    let mut found = Vec::new();
    for run in runs {
        let id = run.uuid();
        let params = params![id.as_bytes(), tenant.as_str()];
        let Some(first) = statement.query_row(params, segment).optional()? else {
            continue;
        };
        bytes += first.bytes.len();
        if bytes > max_bytes && !found.is_empty() {
            break;
        }
        found.push((*run, first));
    }
    Ok(found)
}
