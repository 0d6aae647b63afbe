//! Repair of a store that nobody works on: what follows from journals is written anew.

use rusqlite::params;
use seawall_store::{ApprovalRecord, RunRepair};

use crate::codec::{approval_code, awaits_code, int, maybe_millis, names, status_code};
use crate::error::OpError;
use crate::inspect::OF_NO_RUN;
use crate::writer::{Operation, Tx};

pub(crate) struct RepairRun(pub(crate) RunRepair);

impl Operation for RepairRun {
    type Answer = bool;

    fn run(&self, tx: &Tx<'_>) -> Result<bool, OpError> {
        let repair = &self.0;
        let row = &repair.projection;
        let changed = tx.statement(include_str!("../sql/repair_run.sql"))?.execute(params![
            repair.run.0,
            repair.id.uuid().as_bytes(),
            int(repair.last_seq.0),
            status_code(row.status),
            awaits_code(row.awaits),
            row.total_steps,
            row.completed_steps,
            maybe_millis(row.started_at),
            maybe_millis(row.finished_at),
            row.error_code,
            repair.release,
            maybe_millis(repair.due),
            row.error_step,
            row.error_message,
        ])?;
        if changed == 0 {
            return Ok(false);
        }
        for approval in &repair.approvals {
            write_approval(tx, repair.run.0, approval)?;
        }
        Ok(true)
    }
}

fn write_approval(tx: &Tx<'_>, run_no: i64, approval: &ApprovalRecord) -> rusqlite::Result<()> {
    tx.statement(include_str!("../sql/repair_approval.sql"))?
        .execute(params![
            run_no,
            approval.id.uuid().as_bytes(),
            approval.step,
            approval.item,
            approval.message,
            names(&approval.deciders),
            approval_code(approval.status),
            approval.comment,
            approval.decided_by,
            approval.requested_at.as_millis(),
            maybe_millis(approval.expires_at),
            maybe_millis(approval.decided_at),
        ])?;
    Ok(())
}

pub(crate) struct ClearStrays;

impl Operation for ClearStrays {
    type Answer = u64;

    fn run(&self, tx: &Tx<'_>) -> Result<u64, OpError> {
        let mut deleted = 0;
        for sql in OF_NO_RUN.iter().filter_map(|kind| kind.delete) {
            deleted += tx.statement(sql)?.execute([])? as u64;
        }
        Ok(deleted)
    }
}
