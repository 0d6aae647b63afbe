//! Registering a workflow under an idempotency key.
//!
//! The workflow's id follows from the key, so that the store's own rule (an id is taken once) decides between two requests
//! of one key, in the transaction that registers it and with nothing else to keep. What a key of the past 24 h means is read
//! off the workflow that has its id: the same definition in version 1 is a replay, another one is a reuse.

use seawall_store::{StoreError, WorkflowId, WorkflowRecord};
use serde_json::Value;

use crate::api::engine::{Result, refused};
use crate::api::{Engine, EngineError, IdempotentRequest, Principal};
use crate::runtime::KEY_LIFE;

/// How often one key can be used again after its life: once a day, for some years.
const LIVES: u32 = 4096;

/// A workflow that exists durably.
#[derive(Clone, Debug)]
pub struct WorkflowCreated {
    /// Version 1.
    pub record: WorkflowRecord,
    /// It was made by an earlier request with the same idempotency key.
    pub replayed: bool,
}

impl Engine {
    /// Registers version 1, once for this key.
    ///
    /// # Errors
    /// `InvalidDefinition`; `NameTaken`; `IdempotencyKeyReused` when the key stands for another definition.
    pub async fn create_workflow_once(
        &self,
        by: &Principal,
        definition: &Value,
        request: &IdempotentRequest,
    ) -> Result<WorkflowCreated> {
        let mut new = self.shared().definitions.to_be_kept(&self.compiled(definition)?);
        let store = &self.shared().store;
        for life in 0..LIVES {
            new.id = WorkflowId::derived(&[b"key", request.key.as_bytes(), &life.to_be_bytes()]);
            match store.create_workflow(&by.tenant, new.clone()).await {
                Ok(record) => {
                    return Ok(WorkflowCreated {
                        record,
                        replayed: false,
                    });
                }
                Err(StoreError::Exists) => {}
                Err(error) => return Err(refused("workflow")(error)),
            }
            // The id is taken by this key's own workflow, or the name by somebody else's.
            let own = store.workflow_version(&by.tenant, new.id, 1).await;
            let Some(record) = own.map_err(refused("workflow"))? else {
                return Err(EngineError::NameTaken);
            };
            if record.created_at.saturating_add(KEY_LIFE) <= self.shared().clock.now() {
                continue;
            }
            if record.digest != new.digest {
                return Err(EngineError::IdempotencyKeyReused);
            }
            return Ok(WorkflowCreated { record, replayed: true });
        }
        Err(EngineError::IdempotencyKeyReused)
    }
}
