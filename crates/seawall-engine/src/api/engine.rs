//! The handle.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{
    ApprovalFilter, ApprovalId, ApprovalRecord, Digest, Page, PageOf, RunFilter, RunId, RunWatch, Seq, StoreHealth,
    WorkflowRecord, WorkflowRef,
};
use serde_json::Value;

use crate::api::{CreateRun, EngineError, JournalItem, Principal, Reason, RunStarted, RunView};
use crate::core::{Message, Resolution};
use crate::definition::DefinitionError;
use crate::executor::Registry;
use crate::names::ActivityRef;

type Result<T> = std::result::Result<T, EngineError>;

/// The engine of this process. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Engine(Arc<()>);

#[expect(
    clippy::unimplemented,
    clippy::unused_async,
    unused_variables,
    reason = "the runtime lands next"
)]
impl Engine {
    /// A handle without a runtime behind it, for tests of what does not ask the engine.
    #[doc(hidden)]
    #[must_use]
    pub fn without_runtime() -> Self {
        Self(Arc::new(()))
    }

    #[must_use]
    pub fn registry(&self) -> &Registry {
        unimplemented!()
    }

    /// Reads a definition written as YAML (no aliases, no tags, bounded); syntax errors say line and column.
    ///
    /// # Errors
    /// Everything that is wrong with the text.
    pub fn parse_yaml(text: &str) -> std::result::Result<Value, Vec<DefinitionError>> {
        unimplemented!()
    }

    /// Everything that is wrong with a definition, without keeping it; nothing if it is valid.
    #[must_use]
    pub fn validate(&self, definition: &Value) -> Vec<DefinitionError> {
        unimplemented!()
    }

    /// The JSON Schema of definitions, with the step kinds of this process.
    #[must_use]
    pub fn definition_schema(&self) -> Value {
        unimplemented!()
    }

    /// Registers version 1. `definition` is the parsed document.
    ///
    /// # Errors
    /// `InvalidDefinition`, `NameTaken`.
    pub async fn create_workflow(&self, by: &Principal, definition: &Value) -> Result<WorkflowRecord> {
        unimplemented!()
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
        unimplemented!()
    }

    pub async fn workflow(&self, by: &Principal, target: &WorkflowRef) -> Result<WorkflowRecord> {
        unimplemented!()
    }

    pub async fn list_workflows(&self, by: &Principal, page: Page) -> Result<PageOf<WorkflowRecord>> {
        unimplemented!()
    }

    pub async fn list_versions(
        &self,
        by: &Principal,
        target: &WorkflowRef,
        page: Page,
    ) -> Result<PageOf<WorkflowRecord>> {
        unimplemented!()
    }

    pub async fn delete_workflow(&self, by: &Principal, target: &WorkflowRef, expected: Option<Digest>) -> Result<()> {
        unimplemented!()
    }

    /// Creates a run and, if this node has room, begins it at once. Durable when it answers.
    ///
    /// # Errors
    /// `NotFound`, `InvalidDefinition`, `InvalidInput`, `IdempotencyKeyReused`, `Overloaded`, `Store`.
    pub async fn create_run(&self, by: &Principal, request: CreateRun) -> Result<RunStarted> {
        unimplemented!()
    }

    /// Waits until the run has ended, is blocked or waits for a person, or until `limit` is over; then its view.
    pub async fn wait(&self, by: &Principal, run: RunId, limit: Duration) -> Result<RunView> {
        unimplemented!()
    }

    pub async fn run(&self, by: &Principal, run: RunId) -> Result<RunView> {
        unimplemented!()
    }

    /// Without inputs, outputs and steps.
    pub async fn list_runs(&self, by: &Principal, filter: RunFilter, page: Page) -> Result<PageOf<RunView>> {
        unimplemented!()
    }

    /// At most `limit` events after `after`, and whether the run has ended with the last of them.
    pub async fn journal(
        &self,
        by: &Principal,
        run: RunId,
        after: Seq,
        limit: usize,
    ) -> Result<(Vec<JournalItem>, bool)> {
        unimplemented!()
    }

    /// Watches a run's durable progress; register before reading.
    #[must_use]
    pub fn watch(&self, run: RunId) -> RunWatch {
        unimplemented!()
    }

    pub async fn why(&self, by: &Principal, run: RunId) -> Result<Vec<Reason>> {
        unimplemented!()
    }

    /// # Errors
    /// `Conflict` where the run's state forbids it, `NotFound`, `Overloaded`.
    pub async fn cancel(&self, by: &Principal, run: RunId) -> Result<()> {
        unimplemented!()
    }

    /// # Errors
    /// As [`Engine::cancel`].
    pub async fn pause(&self, by: &Principal, run: RunId) -> Result<()> {
        unimplemented!()
    }

    /// Goes on after a pause, or after a block whose cause was not an unknown outcome.
    ///
    /// # Errors
    /// As [`Engine::cancel`].
    pub async fn resume(&self, by: &Principal, run: RunId) -> Result<()> {
        unimplemented!()
    }

    /// From the failed steps on.
    ///
    /// # Errors
    /// As [`Engine::cancel`].
    pub async fn retry(&self, by: &Principal, run: RunId) -> Result<()> {
        unimplemented!()
    }

    /// Settles an unknown outcome.
    ///
    /// # Errors
    /// As [`Engine::cancel`]; `NotFound` for a step that is not in the definition; `Conflict` when it is not unknown.
    pub async fn resolve(
        &self,
        by: &Principal,
        run: RunId,
        activity: ActivityRef,
        resolution: Resolution,
    ) -> Result<()> {
        unimplemented!()
    }

    /// Sends a signal; one of the same id is taken once. Answers false for a duplicate.
    ///
    /// # Errors
    /// As [`Engine::cancel`]; `Invalid` for a name or id that is too long.
    pub async fn signal(
        &self,
        by: &Principal,
        run: RunId,
        name: &str,
        id: Option<&str>,
        payload: Value,
    ) -> Result<bool> {
        unimplemented!()
    }

    pub async fn approval(&self, by: &Principal, id: ApprovalId) -> Result<ApprovalRecord> {
        unimplemented!()
    }

    pub async fn list_approvals(
        &self,
        by: &Principal,
        filter: ApprovalFilter,
        page: Page,
    ) -> Result<PageOf<ApprovalRecord>> {
        unimplemented!()
    }

    /// Decides, and waits (a few seconds at most) until the run has settled the approval. `Ok` with a pending record: the
    /// decision is durable and will be taken when the run's holder gets to it.
    ///
    /// # Errors
    /// `Conflict` when somebody, or the timeout, was first.
    pub async fn decide(
        &self,
        by: &Principal,
        id: ApprovalId,
        approve: bool,
        comment: Option<String>,
    ) -> Result<ApprovalRecord> {
        unimplemented!()
    }

    /// Whether the store works.
    pub async fn check(&self) -> Result<StoreHealth> {
        unimplemented!()
    }

    /// Takes no new runs, stops beginning attempts, gives running ones until `deadline` to end, parks every run, retires
    /// the node. The store stays open.
    pub async fn shutdown(&self, deadline: Duration) {
        unimplemented!()
    }
}

#[expect(dead_code, reason = "the runtime lands next")]
type Unused = Message;
