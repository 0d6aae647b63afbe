use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{ApprovalId, TenantId};
use crate::records::{ApprovalFilter, ApprovalRecord, NewMessage, Page, PageOf};

/// Decisions that runs wait for. Rows are written by appends (`ApprovalOpened`, `ApprovalSettled`).
pub trait ApprovalStore: Send + Sync + 'static {
    fn approval<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ApprovalId,
    ) -> BoxFuture<'a, StoreResult<Option<ApprovalRecord>>>;

    /// Newest first, in the order in which they were opened.
    fn list_approvals<'a>(
        &'a self,
        tenant: &'a TenantId,
        filter: ApprovalFilter,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<ApprovalRecord>>>;

    /// Puts the decision into the run's inbox, as [`crate::RunStore::send`] does, if the approval is pending and no
    /// decision for it was accepted before (whatever its message key). The row itself is settled later, by the run's own
    /// append, and is answered here as it stands.
    ///
    /// # Errors
    /// In this order: `NotFound`; `ApprovalSettled`, also for a message key that the inbox knows; `RunIs`. `Busy`.
    fn decide_approval<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: ApprovalId,
        message: NewMessage,
    ) -> BoxFuture<'a, StoreResult<ApprovalRecord>>;
}
