//! Approvals that an append opens and settles.

use rusqlite::params;
use seawall_store::{ApprovalOpened, ApprovalSettled, ApprovalStatus};

use crate::codec::{approval_code, maybe_millis, names};
use crate::writer::Tx;

pub(super) fn open(tx: &Tx<'_>, tenant_no: i64, run_no: i64, opened: &[ApprovalOpened]) -> rusqlite::Result<()> {
    for approval in opened {
        tx.statement(include_str!("../sql/insert_approval.sql"))?
            .execute(params![
                approval.id.uuid().as_bytes(),
                tenant_no,
                run_no,
                approval.step,
                approval.item,
                approval.message,
                names(&approval.deciders),
                approval_code(ApprovalStatus::Pending),
                approval.requested_at.as_millis(),
                maybe_millis(approval.expires_at),
            ])?;
    }
    Ok(())
}

pub(super) fn settle(tx: &Tx<'_>, run_no: i64, settled: &[ApprovalSettled]) -> rusqlite::Result<()> {
    for approval in settled {
        tx.statement(
            "UPDATE approvals SET status = ?3, comment = ?4, decided_by = ?5, decided_at = ?6
             WHERE id = ?1 AND run_no = ?2 AND status = ?7",
        )?
        .execute(params![
            approval.id.uuid().as_bytes(),
            run_no,
            approval_code(approval.status),
            approval.comment,
            approval.decided_by,
            approval.decided_at.as_millis(),
            approval_code(ApprovalStatus::Pending),
        ])?;
    }
    Ok(())
}
