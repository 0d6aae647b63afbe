use rusqlite::{OptionalExtension as _, params};
use seawall_store::{
    CreatedRun, Digest, Epoch, IdempotencyKey, Lease, NewRun, NodeId, RunId, RunKey, RunProgress, RunRecord, Seq,
    StoreError, TenantId, Timestamp, Watchers,
};

use crate::codec::{awaits_code, digest_at, int, maybe_millis, status_code};
use crate::error::OpError;
use crate::ops::nodes::require_alive;
use crate::rows::{run_by_no, tenant_no_or_new};
use crate::writer::{Operation, Tx};

pub(crate) struct CreateRun {
    pub(crate) tenant: TenantId,
    pub(crate) new: NewRun,
}

impl Operation for CreateRun {
    type Answer = CreatedRun;

    fn run(&self, tx: &Tx<'_>) -> Result<CreatedRun, OpError> {
        let new = &self.new;
        let tenant_no = tenant_no_or_new(tx.conn(), &self.tenant)?;
        if let Some(key) = &new.idempotency
            && let Some(record) = replayed(tx, tenant_no, key)?
        {
            return Ok(CreatedRun::Replayed(record));
        }
        if exists(tx, new.id)? {
            return Err(StoreError::Exists.into());
        }
        if let Some(node) = new.hold {
            require_alive(tx, node)?;
        }
        let run_no = insert(tx, tenant_no, new, new.hold)?;
        if let Some(key) = &new.idempotency {
            remember(tx, tenant_no, run_no, key)?;
        }
        let lease = new.hold.map(|node| Lease {
            key: RunKey(run_no),
            run: new.id,
            tenant: self.tenant.clone(),
            node,
            epoch: Epoch(1),
        });
        Ok(CreatedRun::New { lease })
    }

    fn tell(&self, created: &CreatedRun, watchers: &Watchers) {
        let CreatedRun::New { lease } = created else { return };
        let new = &self.new;
        let progress = RunProgress {
            seq: new.segment.last(),
            status: new.projection.status,
            awaits: new.projection.awaits,
        };
        watchers.progressed(new.id, progress);
        if lease.is_none() {
            watchers.work();
        }
    }

    fn payload(&self) -> usize {
        self.new.segment.bytes.len() + 256
    }
}

/// A child run: born unheld, due now. One whose id exists is left as it is.
pub(super) fn insert_child(tx: &Tx<'_>, tenant_no: i64, new: &NewRun) -> Result<(), OpError> {
    if !exists(tx, new.id)? {
        insert(tx, tenant_no, new, None)?;
    }
    Ok(())
}

/// A run for whoever claims it, whose id is free.
pub(super) fn insert_unheld(tx: &Tx<'_>, tenant_no: i64, new: &NewRun) -> Result<(), OpError> {
    insert(tx, tenant_no, new, None).map(drop)
}

pub(super) fn exists(tx: &Tx<'_>, id: RunId) -> rusqlite::Result<bool> {
    tx.statement("SELECT 1 FROM runs WHERE id = ?1")?
        .exists([id.uuid().as_bytes()])
}

fn insert(tx: &Tx<'_>, tenant_no: i64, new: &NewRun, hold: Option<NodeId>) -> Result<i64, OpError> {
    if new.segment.first != Seq(1) || new.segment.count == 0 {
        return Err(OpError::Refused(StoreError::Corrupt {
            detail: "a new run's journal does not begin at place 1".to_owned(),
            source: None,
        }));
    }
    let pin_no = pin(tx, new)?;
    let holder = hold.map(|node| node.uuid().into_bytes());
    let (epoch, due): (i64, Option<Timestamp>) = match hold {
        Some(_) => (1, None),
        None if new.projection.status.is_terminal() => (0, None),
        None => (0, Some(tx.now())),
    };
    let run_no = tx.statement(include_str!("../sql/insert_run.sql"))?.insert(params![
        new.id.uuid().as_bytes(),
        tenant_no,
        pin_no,
        new.workflow.version,
        new.created_at.as_millis(),
        new.created_by,
        int(new.segment.last().0),
        epoch,
        holder,
        maybe_millis(due),
        status_code(new.projection.status),
        awaits_code(new.projection.awaits),
        new.projection.total_steps,
        new.projection.completed_steps,
        maybe_millis(new.projection.started_at),
        maybe_millis(new.projection.finished_at),
        new.projection.error_code,
    ])?;
    if let Some(parent) = &new.parent {
        tx.statement("INSERT INTO run_parents (run_no, parent, step, item, generation) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                run_no,
                parent.run.uuid().as_bytes(),
                parent.step,
                parent.item,
                parent.generation
            ])?;
    }
    tx.add_segment(run_no, &new.segment)?;
    Ok(run_no)
}

/// The number that stands for a workflow's id and name.
fn pin(tx: &Tx<'_>, new: &NewRun) -> rusqlite::Result<i64> {
    let id = new.workflow.id.uuid();
    let pinned = params![id.as_bytes(), new.workflow.name];
    let found = tx
        .statement("SELECT pin_no FROM run_workflows WHERE id = ?1 AND name = ?2")?
        .query_row(pinned, |row| row.get(0))
        .optional()?;
    match found {
        Some(pin_no) => Ok(pin_no),
        None => tx
            .statement("INSERT INTO run_workflows (id, name) VALUES (?1, ?2)")?
            .insert(pinned),
    }
}

fn replayed(tx: &Tx<'_>, tenant_no: i64, key: &IdempotencyKey) -> Result<Option<RunRecord>, OpError> {
    let found: Option<(Digest, i64)> = tx
        .statement(
            "SELECT fingerprint, run_no FROM idempotency_keys WHERE tenant_no = ?1 AND key = ?2 AND expires_at > ?3",
        )?
        .query_row(params![tenant_no, key.key.as_bytes(), tx.now().as_millis()], |row| {
            Ok((digest_at(row, 0)?, row.get(1)?))
        })
        .optional()?;
    let Some((fingerprint, run_no)) = found else {
        return Ok(None);
    };
    if fingerprint != key.fingerprint {
        return Err(StoreError::IdempotencyKeyReused.into());
    }
    match run_by_no(tx.conn(), run_no)? {
        Some(record) => Ok(Some(record)),
        None => Err(OpError::Refused(StoreError::Corrupt {
            detail: "an idempotency key names a run that is not there".to_owned(),
            source: None,
        })),
    }
}

/// Each new key sweeps two expired ones out, so that the table is bounded by the keys that count.
fn remember(tx: &Tx<'_>, tenant_no: i64, run_no: i64, key: &IdempotencyKey) -> rusqlite::Result<()> {
    let now = tx.now().as_millis();
    tx.statement("DELETE FROM idempotency_keys WHERE tenant_no = ?1 AND key = ?2 AND expires_at <= ?3")?
        .execute(params![tenant_no, key.key.as_bytes(), now])?;
    tx.statement(
        "DELETE FROM idempotency_keys WHERE key_no IN (
             SELECT key_no FROM idempotency_keys WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 2)",
    )?
    .execute([now])?;
    tx.statement(
        "INSERT INTO idempotency_keys (tenant_no, key, fingerprint, expires_at, run_no) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        tenant_no,
        key.key.as_bytes(),
        key.fingerprint.as_bytes(),
        key.expires_at.as_millis(),
        run_no
    ])?;
    Ok(())
}
