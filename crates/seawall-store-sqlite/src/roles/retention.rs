use std::time::Duration;

use futures_util::future::BoxFuture;
use rusqlite::{OptionalExtension as _, params};
use seawall_store::{
    Discard, Fate, Forgotten, RetentionStore, RunId, StoreResult, Sweep, TenantId, Timestamp, WorkflowId,
};

use crate::SqliteStore;
use crate::codec::time_at;
use crate::ops::{DiscardRun, ForgetFinished, ForgetRun, ForgetWorkflows, Unused};
use crate::writer::Lane;

impl RetentionStore for SqliteStore {
    fn forget_finished(&self, sweep: Sweep) -> BoxFuture<'_, StoreResult<Forgotten>> {
        Box::pin(self.writer.submit(Lane::Client, ForgetFinished(sweep)))
    }

    fn next_finished(&self, after: Timestamp) -> BoxFuture<'_, StoreResult<Option<Timestamp>>> {
        Box::pin(self.readers.read(move |conn| {
            let next = conn
                .prepare_cached(
                    "SELECT finished_at FROM runs WHERE finished_at IS NOT NULL AND finished_at > ?1
                     ORDER BY finished_at LIMIT 1",
                )?
                .query_row([after.as_millis()], |row| time_at(row, 0))
                .optional()?;
            Ok(next)
        }))
    }

    fn forget_run<'a>(&'a self, tenant: &'a TenantId, id: RunId) -> BoxFuture<'a, StoreResult<Fate>> {
        let forget = ForgetRun {
            tenant: tenant.clone(),
            run: id,
        };
        Box::pin(self.writer.submit(Lane::Client, forget))
    }

    fn discard_run<'a>(&'a self, tenant: &'a TenantId, discard: Discard) -> BoxFuture<'a, StoreResult<Fate>> {
        let discard = DiscardRun {
            tenant: tenant.clone(),
            discard,
        };
        Box::pin(async move { Ok(self.writer.submit(Lane::Client, discard).await?.fate) })
    }

    fn forget_workflows(&self, unused_for: Duration, limit: u32) -> BoxFuture<'_, StoreResult<Vec<WorkflowId>>> {
        Box::pin(async move {
            let age = i64::try_from(unused_for.as_millis()).unwrap_or(i64::MAX);
            let since = Timestamp::from_millis(self.clock.now().as_millis().saturating_sub(age));
            let unused = self.readers.list(move |conn| {
                let unused = conn
                    .prepare_cached(include_str!("../sql/unused_workflows.sql"))?
                    .query_map(params![since.as_millis(), limit], |row| {
                        Ok(Unused {
                            workflow_no: row.get(0)?,
                            last_run: row.get(1)?,
                        })
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()?;
                Ok(unused)
            });
            let unused = unused.await?;
            if unused.is_empty() {
                return Ok(Vec::new());
            }
            let forget = ForgetWorkflows {
                unused,
                since,
                latest: self.latest.clone(),
            };
            self.writer.submit(Lane::Client, forget).await
        })
    }
}
