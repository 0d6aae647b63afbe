//! Runs that leave. What belongs to a run is listed once, [`OF_A_RUN`].

use rusqlite::{OptionalExtension as _, params};
use seawall_store::{
    Fate, FinishedPlace, Forgotten, IdempotencyKey, KeptFor, RunId, RunKey, StoreError, Sweep, TenantId,
};

use crate::codec::{millis, time_at};
use crate::error::OpError;
use crate::writer::{Operation, Tx};

/// Everything that names a run by its number, a line to each table; the run's own row last. A table that is missing here
/// would give what it keeps to the next run of that number.
const OF_A_RUN: &[&str] = &[
    "DELETE FROM journal WHERE run_no = ?1",
    "DELETE FROM inbox WHERE run_no = ?1",
    "DELETE FROM approvals WHERE run_no = ?1",
    "DELETE FROM idempotency_keys WHERE run_no = ?1",
    "DELETE FROM run_parents WHERE run_no = ?1",
    "DELETE FROM tasks WHERE run_no = ?1",
    "DELETE FROM flow_runs WHERE run_no = ?1",
    "DELETE FROM runs WHERE run_no = ?1",
];

/// One step of a sweep.
pub(crate) struct ForgetFinished(pub(crate) Sweep);

impl Operation for ForgetFinished {
    type Answer = Forgotten;

    fn run(&self, tx: &Tx<'_>) -> Result<Forgotten, OpError> {
        let sweep = &self.0;
        let mut forgotten = Forgotten::default();
        let mut bytes = 0;
        let mut last = sweep.after;
        for place in self.places(tx)? {
            if forgotten.runs + forgotten.kept >= sweep.max_runs {
                forgotten.next = last;
                break;
            }
            if kept_for(tx, place.run.0)?.is_some() {
                forgotten.kept += 1;
            } else {
                bytes += journal_bytes(tx, place.run.0)?;
                if bytes > sweep.max_bytes && forgotten.runs > 0 {
                    forgotten.next = last;
                    break;
                }
                forgotten.parents += u32::from(has_children(tx, place.run.0)?);
                forget(tx, place.run.0)?;
                forgotten.runs += 1;
            }
            last = Some(place);
        }
        Ok(forgotten)
    }
}

impl ForgetFinished {
    /// One more than may be looked at, to see whether the sweep is through.
    fn places(&self, tx: &Tx<'_>) -> rusqlite::Result<Vec<FinishedPlace>> {
        let sweep = &self.0;
        let after = sweep
            .after
            .map_or((i64::MIN, 0), |after| (after.finished_at.as_millis(), after.run.0));
        tx.statement(
            "SELECT finished_at, run_no FROM runs
             WHERE finished_at IS NOT NULL AND finished_at <= ?1 AND finished_at >= ?2 AND (finished_at > ?2 OR run_no > ?3)
             ORDER BY finished_at, run_no LIMIT ?4",
        )?
        .query_map(
            params![
                sweep.before.as_millis(),
                after.0,
                after.1,
                i64::from(sweep.max_runs) + 1
            ],
            |row| {
                Ok(FinishedPlace {
                    finished_at: time_at(row, 0)?,
                    run: RunKey(row.get(1)?),
                })
            },
        )?
        .collect()
    }
}

/// One run, by its id.
pub(crate) struct ForgetRun {
    pub(crate) tenant: TenantId,
    pub(crate) run: RunId,
}

impl Operation for ForgetRun {
    type Answer = Fate;

    fn run(&self, tx: &Tx<'_>) -> Result<Fate, OpError> {
        let run_no: i64 = tx
            .statement(
                "SELECT run_no FROM runs WHERE id = ?1
                   AND tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?2)",
            )?
            .query_row(params![self.run.uuid().as_bytes(), self.tenant.as_str()], |row| {
                row.get(0)
            })
            .optional()?
            .ok_or(StoreError::NotFound)?;
        match kept_for(tx, run_no)? {
            Some(reason) => Ok(Fate::Kept(reason)),
            None => {
                forget(tx, run_no)?;
                Ok(Fate::Forgotten)
            }
        }
    }
}

fn kept_for(tx: &Tx<'_>, run_no: i64) -> rusqlite::Result<Option<KeptFor>> {
    let now = tx.now().as_millis();
    let reason: i64 = tx
        .statement(include_str!("../sql/kept_for.sql"))?
        .query_row(params![run_no, now, now - millis(IdempotencyKey::OUTLIVES)], |row| {
            row.get(0)
        })?;
    Ok(match reason {
        0 => None,
        2 => Some(KeptFor::Key),
        3 => Some(KeptFor::Parent),
        4 => Some(KeptFor::Child),
        _ => Some(KeptFor::Work),
    })
}

fn has_children(tx: &Tx<'_>, run_no: i64) -> rusqlite::Result<bool> {
    tx.statement(
        "SELECT 1 FROM runs r CROSS JOIN run_parents p ON p.parent = r.id CROSS JOIN runs c ON c.run_no = p.run_no
         WHERE r.run_no = ?1 AND c.tenant_no = r.tenant_no",
    )?
    .exists([run_no])
}

fn journal_bytes(tx: &Tx<'_>, run_no: i64) -> rusqlite::Result<u64> {
    // The length stands before the bytes: they are not read.
    let bytes: i64 = tx
        .statement("SELECT coalesce(sum(length(bytes)), 0) FROM journal WHERE run_no = ?1")?
        .query_row([run_no], |row| row.get(0))?;
    Ok(u64::try_from(bytes).unwrap_or(0))
}

pub(super) fn forget(tx: &Tx<'_>, run_no: i64) -> rusqlite::Result<()> {
    tx.frees_entries();
    for sql in OF_A_RUN {
        tx.statement(sql)?.execute([run_no])?;
    }
    Ok(())
}
