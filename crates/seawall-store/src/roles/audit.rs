use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::TenantId;
use crate::records::{AuditFilter, AuditHead, AuditRecord, NewAudit, Page, PageOf};

/// The audit chains, one to each tenant. Records are never changed and never forgotten.
///
/// Other roles take records that belong to a change into that change; this one is for what changes nothing else.
pub trait AuditStore: Send + Sync + 'static {
    /// Appends a record behind the last one. Places are given one after the other, so that parallel appends make one chain.
    ///
    /// # Errors
    /// `Busy` when the write queue is full.
    fn append_audit<'a>(&'a self, tenant: &'a TenantId, new: NewAudit) -> BoxFuture<'a, StoreResult<AuditRecord>>;

    /// The records after a place in their order, at most `limit` (and at most [`AuditRecord::MAX_READ`]): for whoever holds
    /// the chain against its seals.
    fn audit_after<'a>(
        &'a self,
        tenant: &'a TenantId,
        seq: u64,
        limit: u32,
    ) -> BoxFuture<'a, StoreResult<Vec<AuditRecord>>>;

    /// Newest first.
    fn list_audit<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: AuditFilter,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<AuditRecord>>>;

    /// How far the chain goes, kept apart from it: a tail that was cut off shows. It is no proof against who rewrites this
    /// too; for that, keep heads elsewhere.
    fn audit_head<'a>(&'a self, tenant: &'a TenantId) -> BoxFuture<'a, StoreResult<AuditHead>>;
}
