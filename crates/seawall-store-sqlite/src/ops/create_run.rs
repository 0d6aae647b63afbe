use std::time::Duration;

use rusqlite::{OptionalExtension as _, params};
use seawall_store::{
    CreatedRun, Digest, Epoch, IdempotencyKey, Lease, NewRun, NodeId, RunId, RunKey, RunProgress, RunRecord, Seq,
    StoreError, TenantId, Timestamp, Watchers,
};

use crate::codec::{awaits_code, digest_at, int, maybe_millis, millis, status_code};
use crate::error::OpError;
use crate::ops::flow::{Asker, Flow, Numbered};
use crate::ops::nodes::require_alive;
use crate::rows::{run_by_no, tenant_no_or_new};
use crate::writer::{Operation, Tx};

pub(crate) struct CreateRun {
    pub(crate) tenant: TenantId,
    pub(crate) new: NewRun,
}

/// A creation, and who else heard of it.
pub(crate) struct Created {
    pub(crate) run: CreatedRun,
    told: Vec<RunId>,
}

impl Operation for CreateRun {
    type Answer = Created;

    fn run(&self, tx: &Tx<'_>) -> Result<Created, OpError> {
        let new = &self.new;
        let tenant_no = tenant_no_or_new(tx.conn(), &self.tenant)?;
        if let Some(key) = &new.idempotency
            && let Some(record) = replayed(tx, tenant_no, key)?
        {
            return Ok(Created {
                run: CreatedRun::Replayed(Box::new(record)),
                told: Vec::new(),
            });
        }
        if exists(tx, new.id)? {
            return Err(StoreError::Exists.into());
        }
        let hold = new.hold.filter(|_| new.flow.is_none());
        if let Some(node) = hold {
            require_alive(tx, node)?;
        }
        let run_no = insert(tx, tenant_no, new, hold)?;
        let told = come_in(tx, (tenant_no, run_no), new, Asker::Outside)?;
        if let Some(key) = &new.idempotency {
            remember(tx, tenant_no, run_no, key)?;
        }
        let lease = hold.map(|node| Lease {
            key: RunKey(run_no),
            run: new.id,
            tenant: self.tenant.clone(),
            node,
            epoch: Epoch(1),
        });
        Ok(Created {
            run: CreatedRun::New { lease },
            told,
        })
    }

    fn tell(&self, created: &Created, watchers: &Watchers) {
        let CreatedRun::New { lease } = &created.run else {
            return;
        };
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
        tell_all(&created.told, watchers);
    }

    fn payload(&self) -> usize {
        self.new.segment.bytes.len() + 256
    }
}

/// Flow control has sent these runs a message.
pub(super) fn tell_all(told: &[RunId], watchers: &Watchers) {
    for run in told {
        watchers.message(*run);
    }
}

/// Brings a run in that flow control holds back. Answers who was told of it.
fn come_in(tx: &Tx<'_>, (tenant_no, run_no): (i64, i64), new: &NewRun, asker: Asker) -> Result<Vec<RunId>, OpError> {
    let Some(entry) = &new.flow else {
        return Ok(Vec::new());
    };
    let mut flow = Flow::new(tx);
    let run = Numbered { run_no, id: new.id };
    flow.come_in(tenant_no, run, (new.priority, entry), asker)?;
    Ok(flow.told)
}

/// A run that nobody outside asked for: born unheld, due at once or as flow control says. One whose id exists is left as
/// it is. Answers who was told of it.
pub(super) fn insert_unheld(tx: &Tx<'_>, tenant_no: i64, new: &NewRun) -> Result<Vec<RunId>, OpError> {
    if exists(tx, new.id)? {
        return Ok(Vec::new());
    }
    let run_no = insert(tx, tenant_no, new, None)?;
    come_in(tx, (tenant_no, run_no), new, Asker::Inside)
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
    let (epoch, due): (i64, Option<Timestamp>) = match (hold, &new.flow) {
        (_, Some(flow)) => (0, flow.deadline),
        (Some(_), None) => (1, None),
        (None, None) if new.projection.status.is_terminal() => (0, None),
        (None, None) => (0, Some(Timestamp::ZERO)),
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
        new.priority,
        new.flow.as_ref().map(|_| 1),
        new.reader,
        new.projection.error_step,
        new.projection.error_message,
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
    let now = tx.now().as_millis();
    let found: Option<(Digest, i64)> = tx
        .statement(
            // 5, 6 and 7 are the statuses of runs that have ended.
            "SELECT k.fingerprint, k.run_no FROM idempotency_keys k LEFT JOIN runs r ON r.run_no = k.run_no
             WHERE k.tenant_no = ?1 AND k.key = ?2
               AND (k.expires_at > ?3 OR r.status NOT IN (5, 6, 7) OR r.finished_at > ?4)",
        )?
        .query_row(
            params![
                tenant_no,
                key.key.as_bytes(),
                now,
                now - millis(IdempotencyKey::OUTLIVES)
            ],
            |row| Ok((digest_at(row, 0)?, row.get(1)?)),
        )
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

/// A key that expired this long ago cannot count again, even if the clock is set back.
const CERTAINLY_EXPIRED: Duration = Duration::from_secs(2 * 60 * 60);

/// Each new key sweeps two that expired long ago, so that the table is bounded by the keys that count. What counts all the same
/// for its run comes up again when it may not any more.
fn remember(tx: &Tx<'_>, tenant_no: i64, run_no: i64, key: &IdempotencyKey) -> rusqlite::Result<()> {
    let now = tx.now().as_millis();
    // It does not count any more, or it would have been found.
    tx.statement("DELETE FROM idempotency_keys WHERE tenant_no = ?1 AND key = ?2")?
        .execute(params![tenant_no, key.key.as_bytes()])?;
    let long_ago = now - millis(CERTAINLY_EXPIRED);
    let expired: Vec<(i64, Option<i64>)> = tx
        .statement(
            "SELECT k.key_no, CASE WHEN r.status NOT IN (5, 6, 7) THEN ?2 ELSE r.finished_at END + ?3
             FROM idempotency_keys k LEFT JOIN runs r ON r.run_no = k.run_no
             WHERE k.expires_at <= ?1 ORDER BY k.expires_at LIMIT 2",
        )?
        .query_map(params![long_ago, now, millis(IdempotencyKey::OUTLIVES)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for (key_no, counts_until) in expired {
        match counts_until.filter(|until| *until > long_ago) {
            Some(until) => tx
                .statement("UPDATE idempotency_keys SET expires_at = ?2 WHERE key_no = ?1")?
                .execute([key_no, until])?,
            None => tx
                .statement("DELETE FROM idempotency_keys WHERE key_no = ?1")?
                .execute([key_no])?,
        };
    }
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
