//! Repair of a store that nobody works on: what follows from journals is written anew.

use rusqlite::params;
use seawall_store::{ApprovalRecord, RunRepair};

use crate::codec::{approval_code, awaits_code, int, maybe_millis, names, status_code};
use crate::counts::recount;
use crate::error::OpError;
use crate::inspect::OF_NO_RUN;
use crate::ops::deliver::{forget_withheld, withhold_unread};
use crate::ops::flow::{Asker, Flow};
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
        self.write_place(tx)?;
        Ok(true)
    }
}

impl RepairRun {
    /// Its place in flow control.
    fn write_place(&self, tx: &Tx<'_>) -> Result<(), OpError> {
        let repair = &self.0;
        let run_no = repair.run.0;
        let mut flow = Flow::new(tx);
        if repair.leaves {
            forget_withheld(tx, run_no)?;
            if flow.is_counted(run_no)? {
                flow.leave(run_no)?;
            }
        }
        if repair.readmit && repair.due.is_some() && flow.is_released(run_no)? {
            tx.statement("UPDATE runs SET due = NULL WHERE run_no = ?1")?
                .execute([run_no])?;
            withhold_unread(tx, run_no)?;
            if flow.may_come_back(run_no)? {
                flow.come_back(run_no, repair.id, Asker::Outside)?;
            } else {
                forget_withheld(tx, run_no)?;
            }
        }
        Ok(())
    }
}

/// Makes anew what is kept so that nothing need be counted.
pub(crate) struct Recount;

impl Operation for Recount {
    type Answer = ();

    fn run(&self, tx: &Tx<'_>) -> Result<(), OpError> {
        recount(tx.conn())
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
