use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{Digest, TenantId, WorkflowId};
use crate::records::{NewWorkflow, Page, PageOf, WorkflowRecord, WorkflowRef};

/// Definitions and their versions. A version, once written, never changes and is kept while runs of it exist.
pub trait WorkflowStore: Send + Sync + 'static {
    /// Registers version 1 under its name. Times of making are the store's now.
    ///
    /// # Errors
    /// `Exists` when the tenant has a workflow of that name, or the id is taken.
    fn create_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewWorkflow,
    ) -> BoxFuture<'a, StoreResult<WorkflowRecord>>;

    /// Keeps a definition that was sent along with a run. It stands in no list and takes no name; the same digest (of the
    /// same tenant, among inline ones) gives the same record, and the rest of `new` is then ignored. It has version 1 only
    /// and can neither be updated nor deleted (`NotFound`).
    ///
    /// # Errors
    /// `Exists` when the id is taken by another workflow.
    fn keep_inline<'a>(&'a self, tenant: &'a TenantId, new: NewWorkflow) -> BoxFuture<'a, StoreResult<WorkflowRecord>>;

    /// Writes the next version. The same digest as the latest version's changes nothing and answers that one. The name
    /// in `new` must be the workflow's own (the caller checks); `new.id` is ignored.
    ///
    /// # Errors
    /// `NotFound`; then `PreconditionFailed` when `expected` is given and is not the latest version's digest, also where
    /// the update would change nothing.
    fn update_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
        new: NewWorkflow,
        expected: Option<Digest>,
    ) -> BoxFuture<'a, StoreResult<WorkflowRecord>>;

    /// The latest version. Deleted ones are not found; inline ones only by id.
    fn workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>>;

    /// One version, also of a deleted or inline workflow: runs need it.
    fn workflow_version<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: WorkflowId,
        version: u32,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>>;

    /// Latest versions, newest workflow first, without inline and deleted ones.
    fn list_workflows<'a>(
        &'a self,
        tenant: &'a TenantId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<WorkflowRecord>>>;

    /// All versions of one workflow, newest first; `target` is looked up as in `workflow`.
    ///
    /// # Errors
    /// `NotFound`.
    fn list_versions<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<WorkflowRecord>>>;

    /// Takes the workflow out of lists and look-ups and frees its name. Its runs go on; its versions stay readable.
    ///
    /// # Errors
    /// `NotFound`; `PreconditionFailed` as in `update_workflow`.
    fn delete_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
        expected: Option<Digest>,
    ) -> BoxFuture<'a, StoreResult<()>>;
}
