use rusqlite::{OptionalExtension as _, params};
use seawall_store::{
    ApprovalId, ApprovalRecord, ApprovalStatus, NewMessage, RunStatus, StoreError, TenantId, Watchers,
};

use crate::codec::status_at;
use crate::error::OpError;
use crate::ops::deliver::deliver;
use crate::rows::approval_by_id;
use crate::writer::{Operation, Tx};

/// A person's decision, on its way into the run's inbox.
pub(crate) struct Decide {
    pub(crate) tenant: TenantId,
    pub(crate) approval: ApprovalId,
    pub(crate) message: NewMessage,
}

struct Place {
    run_no: i64,
    decided: bool,
    run_status: RunStatus,
}

impl Operation for Decide {
    type Answer = ApprovalRecord;

    fn run(&self, tx: &Tx<'_>) -> Result<ApprovalRecord, OpError> {
        let record = approval_by_id(tx.conn(), &self.tenant, self.approval)?.ok_or(StoreError::NotFound)?;
        let place = self.place(tx)?.ok_or(StoreError::NotFound)?;
        if record.status != ApprovalStatus::Pending || place.decided {
            return Err(StoreError::ApprovalSettled.into());
        }
        let message = &self.message;
        // Written first and judged after: a refusal takes the row back. A known key counts as a decision.
        if !deliver(tx, place.run_no, &message.key, &message.body)? {
            return Err(StoreError::ApprovalSettled.into());
        }
        if !message.allowed.contains(place.run_status) {
            return Err(StoreError::RunIs(place.run_status).into());
        }
        tx.statement("UPDATE approvals SET decision = 1 WHERE id = ?1")?
            .execute(params![self.approval.uuid().as_bytes()])?;
        Ok(record)
    }

    fn tell(&self, record: &ApprovalRecord, watchers: &Watchers) {
        watchers.message(record.run);
    }

    fn payload(&self) -> usize {
        self.message.body.len() + self.message.key.0.len()
    }
}

impl Decide {
    fn place(&self, tx: &Tx<'_>) -> rusqlite::Result<Option<Place>> {
        tx.statement(
            "SELECT a.run_no, a.decision, r.status FROM approvals a JOIN runs r ON r.run_no = a.run_no WHERE a.id = ?1",
        )?
        .query_row([self.approval.uuid().as_bytes()], |row| {
            Ok(Place {
                run_no: row.get(0)?,
                decided: row.get(1)?,
                run_status: status_at(row, 2)?,
            })
        })
        .optional()
    }
}
