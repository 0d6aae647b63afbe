use std::collections::HashMap;
use std::sync::Arc;

use seawall_store::{InspectStore, TenantId, WorkflowId, WorkflowVersion};

use super::check::told;
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
    pub(super) async fn of(&mut self, tenant: &TenantId, workflow: &WorkflowVersion) -> Result<Arc<Definition>, Found> {
        let key = (tenant.clone(), workflow.id, workflow.version);
        if !self.kept.contains_key(&key) {
            let read = self.read(tenant, workflow).await;
            if self.bytes > MAX_BYTES {
                self.kept.clear();
                self.bytes = 0;
            }
            self.bytes += 4096 + read.as_ref().map_or(0, |definition| definition.source.len());
            self.kept.insert(key.clone(), read);
        }
        match &self.kept[&key] {
            Ok(definition) => Ok(Arc::clone(definition)),
            Err((kind, detail)) => Err(Found::new(*kind, detail)),
        }
    }

    async fn read(&self, tenant: &TenantId, workflow: &WorkflowVersion) -> Kept {
        let name = format!(
            "version {} of its workflow {} ({})",
            workflow.version, workflow.name, workflow.id
        );
        let record = match self.store.inspect_workflow(tenant, workflow).await {
            Ok(Some(record)) => record,
            Ok(None) => {
                return Err((
                    VerifyFindingKind::DefinitionMissing,
                    format!("{name} is not in the store"),
                ));
            }
            Err(error) => return Err((VerifyFindingKind::DefinitionBroken, format!("{name}: {}", told(&error)))),
        };
        match compiled(&record, self.registry) {
            Ok(definition) => Ok(Arc::new(definition)),
            Err(trouble) => Err((VerifyFindingKind::DefinitionBroken, format!("{name}: {trouble}"))),
        }
    }
}
