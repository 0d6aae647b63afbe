use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rusqlite::params;
use seawall_store::{
    Append, Appended, ClaimLimits, ClaimedRun, HeldRun, InboxRow, Lease, LeaseStore, LoadedRun, NodeId, Seq,
    StoreError, StoreResult, Timestamp, Watchers,
};

use crate::SqliteStore;
use crate::codec::{maybe_time_at, seq_at};
use crate::ops::{AppendOp, Bury, Claim, Register, Release, Renew, Retire, check_lease};
use crate::rows::{lease as lease_at, run_by_no, unread, whole_journal};
use crate::writer::Lane;

impl LeaseStore for SqliteStore {
    fn register(&self, node: NodeId, ttl: Duration) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            self.writer.submit(Lane::Held, Register { node, ttl }).await?;
            Ok(())
        })
    }

    fn renew(&self, node: NodeId, ttl: Duration) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(self.writer.submit(Lane::Heartbeat, Renew { node, ttl }))
    }

    fn retire(&self, node: NodeId) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(async move {
            self.writer.submit(Lane::Held, Retire(node)).await?;
            Ok(())
        })
    }

    fn bury_expired(&self) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(self.writer.submit(Lane::Held, Bury))
    }

    fn claim(&self, node: NodeId, limits: ClaimLimits) -> BoxFuture<'_, StoreResult<Vec<ClaimedRun>>> {
        let claim = Claim {
            node,
            limits,
            timers_begin: self.claims.fetch_add(1, Ordering::Relaxed) % 2 == 1,
        };
        Box::pin(async move {
            let claimed = self.writer.submit(Lane::Held, claim).await?;
            Ok(claimed.runs)
        })
    }

    fn held(&self, node: NodeId) -> BoxFuture<'_, StoreResult<Vec<HeldRun>>> {
        Box::pin(self.readers.read(move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT r.run_no, r.id, t.name, r.epoch, r.deaths, r.last_seq
                 FROM runs r JOIN tenants t ON t.tenant_no = r.tenant_no WHERE r.holder = ?1",
            )?;
            let held = statement.query_map([node.uuid().as_bytes()], |row| {
                Ok(HeldRun {
                    lease: lease_at(row, node)?,
                    deaths: row.get(4)?,
                    last_seq: seq_at(row, 5)?,
                })
            })?;
            Ok(held.collect::<rusqlite::Result<Vec<_>>>()?)
        }))
    }

    fn next_due(&self, reader: u32) -> BoxFuture<'_, StoreResult<Option<(Timestamp, Timestamp)>>> {
        Box::pin(async move {
            let (now, latest) = (self.clock.now(), self.quiet.latest());
            let due = self.readers.read(move |conn| {
                let due = conn
                    .prepare_cached(include_str!("../sql/next_due.sql"))?
                    .query_row(params![reader, now.as_millis(), latest.as_millis()], |row| {
                        maybe_time_at(row, 0)
                    })?;
                Ok(due)
            });
            Ok(due.await?.map(|due| (due, self.clock.now())))
        })
    }

    fn load<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, StoreResult<LoadedRun>> {
        let lease = lease.clone();
        Box::pin(self.readers.read(move |conn| {
            let last = check_lease(conn, &lease)?;
            let run_no = lease.key.0;
            let record = run_by_no(conn, run_no)?.ok_or_else(|| StoreError::Corrupt {
                detail: "a run's row names a workflow that is not there".to_owned(),
                source: None,
            })?;
            Ok(LoadedRun {
                record,
                segments: whole_journal(conn, run_no, last)?,
                inbox: unread(conn, run_no, LoadedRun::MAX_INBOX)?,
            })
        }))
    }

    fn unread<'a>(&'a self, lease: &'a Lease, limit: usize) -> BoxFuture<'a, StoreResult<Vec<InboxRow>>> {
        let lease = lease.clone();
        Box::pin(self.readers.read(move |conn| {
            check_lease(conn, &lease)?;
            Ok(unread(conn, lease.key.0, limit)?)
        }))
    }

    fn append(&self, append: Append) -> BoxFuture<'_, StoreResult<Appended>> {
        Box::pin(async move {
            let done = self.writer.submit(Lane::Held, AppendOp(append)).await?;
            Ok(done.appended)
        })
    }

    fn release<'a>(&'a self, lease: &'a Lease, at: Seq, due: Option<Timestamp>) -> BoxFuture<'a, StoreResult<()>> {
        let lease = lease.clone();
        Box::pin(async move {
            self.writer.submit(Lane::Held, Release { lease, at, due }).await?;
            Ok(())
        })
    }

    fn watchers(&self) -> &Watchers {
        &self.watchers
    }
}
