use futures_util::future::BoxFuture;

use crate::error::{StoreError, StoreResult};
use crate::ids::{ApprovalId, TenantId};
use crate::memory::fault::StoreOp;
use crate::memory::page::cut;
use crate::memory::state::State;
use crate::memory::store::MemoryStore;
use crate::records::{ApprovalFilter, ApprovalRecord, ApprovalStatus, NewMessage, Page, PageOf, Sent};
use crate::roles::ApprovalStore;
use crate::time::Timestamp;

impl State {
    fn decide(
        &mut self,
        tenant: &TenantId,
        id: ApprovalId,
        message: NewMessage,
        now: Timestamp,
    ) -> StoreResult<ApprovalRecord> {
        let row = self
            .approval_mut(id)
            .filter(|row| row.tenant == *tenant)
            .ok_or(StoreError::NotFound)?;
        if row.decided || row.record.status != ApprovalStatus::Pending {
            return Err(StoreError::ApprovalSettled);
        }
        let record = row.record.clone();
        if self.run_by_id(tenant, record.run)?.known.contains_key(&message.key) {
            return Err(StoreError::ApprovalSettled);
        }
        match self.send(tenant, record.run, message, now)? {
            Sent::Duplicate | Sent::Differs => return Err(StoreError::ApprovalSettled),
            Sent::Accepted => {}
        }
        if let Some(row) = self.approval_mut(id) {
            row.decided = true;
        }
        Ok(record)
    }
}

impl ApprovalStore for MemoryStore {
    fn approval<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ApprovalId,
    ) -> BoxFuture<'a, StoreResult<Option<ApprovalRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let row = state.approval_mut(id).filter(|row| row.tenant == *tenant);
                Ok(row.map(|row| row.record.clone()))
            })
        })
    }

    fn list_approvals<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: ApprovalFilter,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<ApprovalRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let rows = state.approvals.iter().rev().filter(|(_, row)| {
                    row.tenant == *tenant
                        && filter.status.is_none_or(|status| status == row.record.status)
                        && filter.run.is_none_or(|run| run == row.record.run)
                });
                Ok(cut(rows.map(|(number, row)| (*number, row.record.clone())), page))
            })
        })
    }

    fn decide_approval<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ApprovalId,
        message: NewMessage,
    ) -> BoxFuture<'a, StoreResult<ApprovalRecord>> {
        Box::pin(async move {
            self.call(StoreOp::DecideApproval, None, |state, now| {
                state.decide(tenant, id, message, now)
            })
        })
    }
}
