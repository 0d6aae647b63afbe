//! Workflows and their versions.

use seawall_store::{Digest, Page, PageOf, StoreError, WorkflowRecord, WorkflowRef};
use serde_json::Value;

use crate::api::engine::{Result, refused};
use crate::api::{Engine, EngineError, Principal};
use crate::definition::{Definition, DefinitionError, workflow_schema};

const WORKFLOW: &str = "workflow";

impl Engine {
    /// Everything that is wrong with a definition, without keeping it; nothing if it is valid.
    #[must_use]
    pub fn validate(&self, definition: &Value) -> Vec<DefinitionError> {
        let compiled = self.shared().definitions.compile(definition);
        compiled.err().unwrap_or_default()
    }

    /// The JSON Schema of definitions, with the step kinds of this process.
    #[must_use]
    pub fn definition_schema(&self) -> Value {
        workflow_schema(self.registry())
    }

    /// Registers version 1. `definition` is the parsed document.
    ///
    /// # Errors
    /// `InvalidDefinition`, `NameTaken`.
    pub async fn create_workflow(&self, by: &Principal, definition: &Value) -> Result<WorkflowRecord> {
        let new = self.shared().definitions.to_be_kept(&self.compiled(definition)?);
        let created = self.shared().store.create_workflow(&by.tenant, new).await;
        created.map_err(|error| match error {
            StoreError::Exists => EngineError::NameTaken,
            error => refused(WORKFLOW)(error),
        })
    }

    /// Writes the next version.
    ///
    /// # Errors
    /// `InvalidDefinition`, `NotFound`, `PreconditionFailed`; `Invalid` when the name is not the workflow's own.
    pub async fn update_workflow(
        &self,
        by: &Principal,
        target: &WorkflowRef,
        definition: &Value,
        expected: Option<Digest>,
    ) -> Result<WorkflowRecord> {
        let definition = self.compiled(definition)?;
        let current = self.workflow(by, target).await?;
        if definition.name != current.name {
            return Err(EngineError::Invalid {
                pointer: "/name".to_owned(),
                code: "name-mismatch",
                message: format!("this workflow is called {}; a name cannot be changed", current.name),
            });
        }
        let store = &self.shared().store;
        let new = self.shared().definitions.to_be_kept(&definition);
        let updated = store.update_workflow(&by.tenant, target, new, expected);
        updated.await.map_err(refused(WORKFLOW))
    }

    /// The latest version.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn workflow(&self, by: &Principal, target: &WorkflowRef) -> Result<WorkflowRecord> {
        let found = self.shared().store.workflow(&by.tenant, target).await;
        found.map_err(refused(WORKFLOW))?.ok_or(EngineError::NotFound(WORKFLOW))
    }

    /// # Errors
    /// `Store`.
    pub async fn list_workflows(&self, by: &Principal, page: Page) -> Result<PageOf<WorkflowRecord>> {
        let listed = self.shared().store.list_workflows(&by.tenant, page).await;
        listed.map_err(refused(WORKFLOW))
    }

    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn list_versions(
        &self,
        by: &Principal,
        target: &WorkflowRef,
        page: Page,
    ) -> Result<PageOf<WorkflowRecord>> {
        // A workflow that does not exist is not one without versions.
        self.workflow(by, target).await?;
        let listed = self.shared().store.list_versions(&by.tenant, target, page).await;
        listed.map_err(refused(WORKFLOW))
    }

    /// # Errors
    /// `NotFound`, `PreconditionFailed`, `Store`.
    pub async fn delete_workflow(&self, by: &Principal, target: &WorkflowRef, expected: Option<Digest>) -> Result<()> {
        let deleted = self.shared().store.delete_workflow(&by.tenant, target, expected).await;
        deleted.map_err(refused(WORKFLOW))
    }

    pub(super) fn compiled(&self, definition: &Value) -> Result<Definition> {
        let compiled = self.shared().definitions.compile(definition);
        compiled.map_err(EngineError::InvalidDefinition)
    }
}
