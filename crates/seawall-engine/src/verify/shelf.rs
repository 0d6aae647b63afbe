use std::collections::HashMap;
use std::sync::Arc;

use seawall_store::{InspectStore, StoreResult, TenantId, WorkflowId, WorkflowVersion};

use super::finding::VerifyFindingKind;
use super::report::Found;
use crate::definition::Definition;
use crate::executor::Registry;
use crate::runtime::compiled;

/// Bytes of source text whose compiled form is kept; beyond, all of it is forgotten.
const MAX_BYTES: usize = 64 << 20;

type Kept = Result<Arc<Definition>, (VerifyFindingKind, String)>;

/// Definitions that were needed a moment ago.
pub(super) struct Shelf<'a> {
    store: &'a dyn InspectStore,
    registry: &'a Registry,
    kept: HashMap<(TenantId, WorkflowId, u32), Kept>,
    bytes: usize,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(store: &'a dyn InspectStore, registry: &'a Registry) -> Self {
        Self {
            store,
            registry,
            kept: HashMap::new(),
            bytes: 0,
        }
    }

    /// The definition that a run is pinned to, or what is wrong with it.
    pub(super) async fn of(
        &mut self,
        tenant: &TenantId,
        workflow: &WorkflowVersion,
    ) -> StoreResult<Result<Arc<Definition>, Found>> {
        let key = (tenant.clone(), workflow.id, workflow.version);
        if !self.kept.contains_key(&key) {
            let read = self.read(tenant, workflow).await?;
            if self.bytes > MAX_BYTES {
                self.kept.clear();
                self.bytes = 0;
            }
            self.bytes += 4096 + read.as_ref().map_or(0, |definition| definition.source.len());
            self.kept.insert(key.clone(), read);
        }
        Ok(match &self.kept[&key] {
            Ok(definition) => Ok(Arc::clone(definition)),
            Err((kind, detail)) => Err(Found::new(*kind, detail)),
        })
    }

    async fn read(&self, tenant: &TenantId, workflow: &WorkflowVersion) -> StoreResult<Kept> {
        let Some(record) = self.store.inspect_workflow(tenant, workflow).await? else {
            let detail = format!(
                "version {} of its workflow {} ({}) is not in the store",
                workflow.version, workflow.name, workflow.id
            );
            return Ok(Err((VerifyFindingKind::DefinitionMissing, detail)));
        };
        Ok(match compiled(&record, self.registry) {
            Ok(definition) => Ok(Arc::new(definition)),
            Err(trouble) => {
                let detail = format!(
                    "version {} of its workflow {} ({}): {trouble}",
                    workflow.version, workflow.name, workflow.id
                );
                Err((VerifyFindingKind::DefinitionBroken, detail))
            }
        })
    }
}
