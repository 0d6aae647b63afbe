use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::error::{StoreError, StoreResult};
use crate::ids::{Digest, TenantId, WorkflowId};
use crate::memory::fault::StoreOp;
use crate::memory::page::cut;
use crate::memory::state::{State, WorkflowRow};
use crate::memory::store::MemoryStore;
use crate::records::{NewWorkflow, Page, PageOf, WorkflowRecord, WorkflowRef};
use crate::roles::WorkflowStore;
use crate::time::Timestamp;

impl State {
    /// What look-ups find: not the deleted, and inline ones only by id.
    fn find_workflow(&self, tenant: &TenantId, target: &WorkflowRef) -> Option<i64> {
        let found = self.workflows.iter().find(|(_, row)| {
            let is_meant = match target {
                WorkflowRef::Id(id) => row.id == *id,
                WorkflowRef::Name(name) => !row.latest().inline && *row.latest().name == **name,
            };
            row.tenant == *tenant && !row.deleted && is_meant
        });
        found.map(|(number, _)| *number)
    }

    /// What may be updated and deleted, if its latest digest is the expected one.
    fn changeable(
        &mut self,
        tenant: &TenantId,
        target: &WorkflowRef,
        expected: Option<Digest>,
    ) -> StoreResult<&mut WorkflowRow> {
        let number = self.find_workflow(tenant, target);
        let row = number.and_then(|number| self.workflows.get_mut(&number));
        let row = row.filter(|row| !row.latest().inline).ok_or(StoreError::NotFound)?;
        if expected.is_some_and(|digest| digest != row.latest().digest) {
            return Err(StoreError::PreconditionFailed);
        }
        Ok(row)
    }

    fn insert_workflow(
        &mut self,
        tenant: &TenantId,
        new: NewWorkflow,
        inline: bool,
        now: Timestamp,
    ) -> StoreResult<WorkflowRecord> {
        if self.workflows.values().any(|row| row.id == new.id) {
            return Err(StoreError::Exists);
        }
        let record = WorkflowRecord {
            id: new.id,
            name: new.name,
            description: new.description,
            version: 1,
            source: new.source,
            digest: new.digest,
            inline,
            created_at: now,
            updated_at: now,
        };
        let number = self.number();
        let row = WorkflowRow {
            tenant: tenant.clone(),
            id: record.id,
            deleted: false,
            used_at: now,
            versions: vec![record.clone()],
        };
        self.workflows.insert(number, row);
        Ok(record)
    }
}

impl WorkflowStore for MemoryStore {
    fn create_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewWorkflow,
    ) -> BoxFuture<'a, StoreResult<WorkflowRecord>> {
        Box::pin(async move {
            self.call(StoreOp::CreateWorkflow, None, |state, now| {
                let name = WorkflowRef::Name(new.name.to_string());
                if state.find_workflow(tenant, &name).is_some() {
                    return Err(StoreError::Exists);
                }
                state.insert_workflow(tenant, new, false, now)
            })
        })
    }

    fn keep_inline<'a>(&'a self, tenant: &'a TenantId, new: NewWorkflow) -> BoxFuture<'a, StoreResult<WorkflowRecord>> {
        Box::pin(async move {
            self.call(StoreOp::KeepInline, None, |state, now| {
                let mut rows = state.workflows.values_mut().filter(|row| row.tenant == *tenant);
                match rows.find(|row| row.latest().inline && row.latest().digest == new.digest) {
                    Some(kept) => {
                        kept.used_at = now;
                        Ok(kept.latest().clone())
                    }
                    None => state.insert_workflow(tenant, new, true, now),
                }
            })
        })
    }

    fn update_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
        new: NewWorkflow,
        expected: Option<Digest>,
    ) -> BoxFuture<'a, StoreResult<WorkflowRecord>> {
        Box::pin(async move {
            self.call(StoreOp::UpdateWorkflow, None, |state, now| {
                let row = state.changeable(tenant, target, expected)?;
                let latest = row.latest().clone();
                if latest.digest == new.digest {
                    return Ok(latest);
                }
                let next = WorkflowRecord {
                    name: Arc::clone(&latest.name),
                    description: new.description,
                    version: latest.version + 1,
                    source: new.source,
                    digest: new.digest,
                    updated_at: now,
                    ..latest
                };
                row.versions.push(next.clone());
                Ok(next)
            })
        })
    }

    fn workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let number = state.find_workflow(tenant, target);
                Ok(number.map(|number| state.workflows[&number].latest().clone()))
            })
        })
    }

    fn workflow_version<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: WorkflowId,
        version: u32,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let row = state
                    .workflows
                    .values()
                    .find(|row| row.id == id && row.tenant == *tenant);
                let found = row.and_then(|row| row.versions.iter().find(|kept| kept.version == version));
                Ok(found.cloned())
            })
        })
    }

    fn list_workflows<'a>(
        &'a self,
        tenant: &'a TenantId,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<WorkflowRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let rows = state.workflows.iter().rev();
                let rows = rows.filter(|(_, row)| row.tenant == *tenant && !row.deleted && !row.latest().inline);
                Ok(cut(rows.map(|(number, row)| (*number, row.latest().clone())), page))
            })
        })
    }

    fn list_versions<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
        page: Page,
    ) -> BoxFuture<'a, StoreResult<PageOf<WorkflowRecord>>> {
        Box::pin(async move {
            self.call(StoreOp::Read, None, |state, _| {
                let number = state.find_workflow(tenant, target).ok_or(StoreError::NotFound)?;
                let versions = state.workflows[&number].versions.iter().rev();
                Ok(cut(versions.map(|kept| (i64::from(kept.version), kept.clone())), page))
            })
        })
    }

    fn delete_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        target: &'a WorkflowRef,
        expected: Option<Digest>,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            self.call(StoreOp::DeleteWorkflow, None, |state, now| {
                let row = state.changeable(tenant, target, expected)?;
                row.deleted = true;
                row.used_at = now;
                Ok(())
            })
        })
    }
}
