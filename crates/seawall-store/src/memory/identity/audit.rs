use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::TenantId;
use crate::memory::fault::StoreOp;
use crate::memory::page::cut;
use crate::memory::state::State;
use crate::memory::store::MemoryStore;
use crate::records::{AuditFilter, AuditHead, AuditRecord, NewAudit, Page, PageOf};
use crate::roles::AuditStore;
use crate::time::Timestamp;

impl State {
    pub(super) fn append_audit(&mut self, tenant: &TenantId, new: &NewAudit, now: Timestamp) -> AuditRecord {
        let chain = self.identity.audit.entry(tenant.clone()).or_default();
        let head = chain.last().map_or(AuditHead::EMPTY, AuditRecord::head);
        let record = new.after(head, tenant, now);
        chain.push(record.clone());
        record
    }

    fn chain(&self, tenant: &TenantId) -> &[AuditRecord] {
        self.identity.audit.get(tenant).map_or(&[], Vec::as_slice)
    }
}

impl AuditStore for MemoryStore {
    fn append_audit<'a>(&'a self, tenant: &'a TenantId, new: NewAudit) -> BoxFuture<'a, StoreResult<AuditRecord>> {
        Box::pin(async move {
            self.call(StoreOp::Identity, None, |state, now| {
                Ok(state.append_audit(tenant, &new, now))
            })
        })
    }

    fn audit_after<'a>(
        &'a self,
        tenant: &'a TenantId,
        seq: u64,
        limit: u32,
    ) -> BoxFuture<'a, StoreResult<Vec<AuditRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let limit = limit.min(AuditRecord::MAX_READ) as usize;
                let after = state.chain(tenant).iter().filter(|record| record.body.seq > seq);
                Ok(after.take(limit).cloned().collect())
            })
        })
    }

    fn list_audit<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: AuditFilter,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<AuditRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let wanted = |record: &&AuditRecord| {
                    let entry = &record.body.entry;
                    filter.actor.as_ref().is_none_or(|actor| *actor == entry.actor)
                        && filter.action.as_ref().is_none_or(|action| *action == entry.action)
                        && filter.since.is_none_or(|since| record.body.at >= since)
                };
                let rows = state.chain(tenant).iter().rev().filter(wanted);
                let numbered = rows.map(|record| (i64::try_from(record.body.seq).unwrap_or(i64::MAX), record.clone()));
                Ok(cut(numbered, page))
            })
        })
    }

    fn audit_head<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, StoreResult<AuditHead>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                Ok(state.chain(tenant).last().map_or(AuditHead::EMPTY, AuditRecord::head))
            })
        })
    }
}
