//! Compiled definitions, kept while there is room. A version never changes, so nothing here is ever stale.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use seawall_store::{Digest, NewWorkflow, Store, StoreError, TenantId, WorkflowId, WorkflowRecord, WorkflowVersion};
use serde_json::Value;

use crate::definition::{Definition, DefinitionError, compile};
use crate::entropy::Entropy;
use crate::executor::Registry;

/// Bytes of source text whose compiled form is kept.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// What a compiled definition costs beside its source.
const OVERHEAD: usize = 4096;

/// Why a stored definition cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DefinitionTrouble {
    #[error("version {version} of the workflow {id} is not in the store")]
    Missing { id: WorkflowId, version: u32 },
    #[error("the stored definition is not valid here: {0}")]
    Broken(String),
    #[error("the definition could not be read")]
    Store(#[source] StoreError),
}

/// A definition that came along with a run, as it is kept.
#[derive(Clone)]
pub(crate) struct Inline {
    pub(crate) workflow: WorkflowVersion,
    pub(crate) definition: Arc<Definition>,
}

pub(crate) struct Definitions {
    store: Arc<dyn Store>,
    entropy: Arc<dyn Entropy>,
    registry: Registry,
    compiled: Cache<(WorkflowId, u32), Arc<Definition>>,
    inline: Cache<(TenantId, Digest), Inline>,
}

impl Definitions {
    pub(crate) fn new(store: Arc<dyn Store>, entropy: Arc<dyn Entropy>, registry: Registry) -> Self {
        let weight = |definition: &Definition| u32::try_from(definition.source.len() + OVERHEAD).unwrap_or(u32::MAX);
        Self {
            store,
            entropy,
            registry,
            compiled: Cache::builder()
                .weigher(move |_, definition: &Arc<Definition>| weight(definition))
                .max_capacity(CACHE_BYTES)
                .build(),
            // They are collected with their last run, so what is remembered of them is short-lived.
            inline: Cache::builder()
                .weigher(move |_, inline: &Inline| weight(&inline.definition))
                .max_capacity(CACHE_BYTES / 4)
                .time_to_live(Duration::from_secs(600))
                .build(),
        }
    }

    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What the store has forgotten is not to be remembered here: a new run would be pinned to it.
    pub(crate) fn forget(&self, workflows: &[WorkflowId]) {
        if workflows.is_empty() {
            return;
        }
        let gone = |id: WorkflowId| workflows.contains(&id);
        for (key, inline) in &self.inline {
            if gone(inline.workflow.id) {
                self.inline.invalidate(&*key);
            }
        }
        for (key, _) in &self.compiled {
            if gone(key.0) {
                self.compiled.invalidate(&*key);
            }
        }
    }

    /// Checks and compiles a document.
    pub(crate) fn compile(&self, document: &Value) -> Result<Definition, Vec<DefinitionError>> {
        compile(document, &self.registry)
    }

    /// The definition that a run is pinned to.
    pub(crate) async fn of(
        &self,
        tenant: &TenantId,
        workflow: &WorkflowVersion,
    ) -> Result<Arc<Definition>, DefinitionTrouble> {
        if let Some(definition) = self.compiled.get(&(workflow.id, workflow.version)) {
            return Ok(definition);
        }
        let record = self
            .store
            .workflow_version(tenant, workflow.id, workflow.version)
            .await
            .map_err(DefinitionTrouble::Store)?;
        let record = record.ok_or(DefinitionTrouble::Missing {
            id: workflow.id,
            version: workflow.version,
        })?;
        self.of_record(&record)
    }

    /// The definition that a record holds.
    pub(crate) fn of_record(&self, record: &WorkflowRecord) -> Result<Arc<Definition>, DefinitionTrouble> {
        let key = (record.id, record.version);
        if let Some(definition) = self.compiled.get(&key) {
            return Ok(definition);
        }
        let definition = Arc::new(compiled(record, &self.registry)?);
        self.compiled.insert(key, Arc::clone(&definition));
        Ok(definition)
    }

    /// Keeps a definition that comes along with a run. One that was kept a moment ago costs neither a compilation nor a
    /// write.
    pub(crate) async fn keep_inline(
        &self,
        tenant: &TenantId,
        document: &Value,
    ) -> Result<Result<Inline, Vec<DefinitionError>>, StoreError> {
        let key = (tenant.clone(), Digest::of(document.to_string().as_bytes()));
        if let Some(inline) = self.inline.get(&key) {
            return Ok(Ok(inline));
        }
        let definition = match self.compile(document) {
            Ok(definition) => Arc::new(definition),
            Err(errors) => return Ok(Err(errors)),
        };
        let record = self.store.keep_inline(tenant, self.to_be_kept(&definition)).await?;
        self.compiled
            .insert((record.id, record.version), Arc::clone(&definition));
        let inline = Inline {
            workflow: record.pinned(),
            definition,
        };
        self.inline.insert(key, inline.clone());
        Ok(Ok(inline))
    }

    /// A definition as the store takes it, under a new id.
    pub(crate) fn to_be_kept(&self, definition: &Definition) -> NewWorkflow {
        NewWorkflow {
            id: WorkflowId::from_uuid(self.entropy.uuid()),
            name: Arc::clone(&definition.name),
            description: definition.description.clone(),
            source: Arc::clone(&definition.source),
            digest: definition.digest,
        }
    }
}

/// The definition in a stored record.
pub(crate) fn compiled(record: &WorkflowRecord, registry: &Registry) -> Result<Definition, DefinitionTrouble> {
    let document: Value =
        serde_json::from_str(&record.source).map_err(|error| DefinitionTrouble::Broken(error.to_string()))?;
    let definition = compile(&document, registry).map_err(|errors| {
        let first = errors.first();
        DefinitionTrouble::Broken(first.map_or_else(String::new, |e| format!("{} (at {})", e.message, e.pointer)))
    })?;
    if definition.digest != record.digest {
        return Err(DefinitionTrouble::Broken(
            "its canonical text is another one than when it was written".to_owned(),
        ));
    }
    Ok(definition)
}
