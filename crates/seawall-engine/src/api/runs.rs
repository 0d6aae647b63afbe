//! Runs: their creation, and what can be seen of them.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{Page, PageOf, RunFilter, RunId, RunProgress, RunWatch, TaskRecord};

use crate::api::controls::{cannot_be_read, conflict, invalid};
use crate::api::engine::{Result, refused};
use crate::api::read::{RUN, ReadRun};
use crate::api::view::{list_view, run_view};
use crate::api::why::{MAX_ACTIVITIES, unusable};
use crate::api::{
    CreateRun, Engine, EngineError, Principal, Reason, RunSearch, RunStarted, RunView, StepView, WorkflowSource, why,
};
use crate::core::RunState;
use crate::datum::Datum;
use crate::definition::{Definition, InputError, MAX_PRIORITY};
use crate::names::StepId;
use crate::runtime::{DefinitionTrouble, NewRunRequest, create, create_watched, excess};

impl Engine {
    /// Creates a run and, if this node has room, begins it at once. Durable when it answers.
    ///
    /// # Errors
    /// `NotFound`, `InvalidDefinition`, `InvalidInput`, `IdempotencyKeyReused`, `Overloaded`, `Store`.
    #[tracing::instrument(level = "debug", name = "engine.create_run", skip_all)]
    pub async fn create_run(&self, by: &Principal, request: CreateRun) -> Result<RunStarted> {
        let request = self.checked(by, request).await?;
        create(self.shared(), request).await.map_err(refused(RUN))
    }

    /// Creates a run as [`Engine::create_run`] does, then waits as [`Engine::wait`] does. `cut_off` ends the wait early.
    ///
    /// # Errors
    /// Those of both.
    #[tracing::instrument(level = "debug", name = "engine.create_run_and_wait", skip_all)]
    pub async fn create_run_and_wait(
        &self,
        by: &Principal,
        request: CreateRun,
        limit: Duration,
        cut_off: impl Future<Output = ()>,
    ) -> Result<(RunStarted, RunView)> {
        let request = self.checked(by, request).await?;
        let created = create_watched(self.shared(), request).await.map_err(refused(RUN));
        let (started, watch) = created?;
        let wait = async {
            if started.replayed {
                return self.wait(by, started.run, limit).await;
            }
            if !started.status.is_terminal() {
                until_settled(watch, limit).await;
            }
            self.run(by, started.run).await
        };
        let view = tokio::select! {
            biased;
            view = wait => view?,
            () = cut_off => self.run(by, started.run).await?,
        };
        Ok((started, view))
    }

    async fn checked(&self, by: &Principal, request: CreateRun) -> Result<NewRunRequest> {
        self.is_open()?;
        let (workflow, definition) = self.pinned(by, &request.workflow).await?;
        let errors = input_errors(&definition, &request.input);
        if !errors.is_empty() {
            return Err(EngineError::InvalidInput(errors));
        }
        let priority = request.priority.map(priority).transpose()?;
        let (run, created_at) = (
            RunId::from_uuid(self.shared().entropy.uuid()),
            self.shared().clock.now(),
        );
        let input = Datum::new(request.input);
        let flow = definition
            .flow
            .plan((run, created_at), &input, priority, definition.timeout);
        let flow = flow.map_err(|error| invalid(error.pointer, error.code, &error.message))?;
        Ok(NewRunRequest {
            run,
            created_at,
            flow,
            tenant: by.tenant.clone(),
            created_by: Arc::clone(&by.subject),
            workflow,
            definition,
            input,
            origin: Vec::new(),
            idempotency: request.idempotency,
            trace: self.trace(),
        })
    }

    async fn pinned(
        &self,
        by: &Principal,
        source: &WorkflowSource,
    ) -> Result<(seawall_store::WorkflowVersion, Arc<Definition>)> {
        let definitions = &self.shared().definitions;
        match source {
            WorkflowSource::Registered(target) => {
                let record = self.workflow(by, target).await?;
                let definition = definitions.of_record(&record).map_err(|trouble| match trouble {
                    DefinitionTrouble::Store(error) => refused("workflow")(error),
                    trouble => EngineError::Conflict {
                        status: None,
                        detail: format!("this workflow cannot be run here: {trouble}"),
                    },
                })?;
                Ok((record.pinned(), definition))
            }
            WorkflowSource::Inline(document) => self.inline(by, document).await,
        }
    }

    /// A definition that comes along, kept for the run.
    pub(super) async fn inline(
        &self,
        by: &Principal,
        document: &serde_json::Value,
    ) -> Result<(seawall_store::WorkflowVersion, Arc<Definition>)> {
        let kept = self.shared().definitions.keep_inline(&by.tenant, document).await;
        let inline = kept.map_err(refused("workflow"))?;
        let inline = inline.map_err(EngineError::InvalidDefinition)?;
        Ok((inline.workflow, inline.definition))
    }

    /// Waits until the run has ended, is blocked or waits for a person, or until `limit` is over; then its view.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    #[tracing::instrument(level = "debug", name = "engine.wait", skip_all)]
    pub async fn wait(&self, by: &Principal, run: RunId, limit: Duration) -> Result<RunView> {
        let watch = self.watch(run);
        let record = self.record(by, run).await?;
        let now = RunProgress {
            seq: record.last_seq,
            status: record.projection.status,
            awaits: record.projection.awaits,
        };
        if !now.is_settled() {
            until_settled(watch, limit).await;
        }
        self.run(by, run).await
    }

    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn run(&self, by: &Principal, run: RunId) -> Result<RunView> {
        let ReadRun { record, state, .. } = self.read(by, run).await?;
        Ok(match state {
            Some(state) => run_view(&record, &state, &self.tasks_of(by, &state).await?),
            None => list_view(&record),
        })
    }

    /// One step with its whole output.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` where the run cannot be read here; `Store`.
    pub async fn step(&self, by: &Principal, run: RunId, step: &StepId) -> Result<StepView> {
        let ReadRun { record, state, trouble } = self.read(by, run).await?;
        let Some(state) = state else {
            return Err(conflict(record.projection.status, cannot_be_read(trouble.as_deref())));
        };
        let steps = run_view(&record, &state, &self.tasks_of(by, &state).await?).steps;
        let found = steps.into_iter().find(|view| view.id == *step);
        found.ok_or(EngineError::NotFound("step"))
    }

    /// The tasks that the run waits for, if it waits for any.
    pub(super) async fn tasks_of(&self, by: &Principal, state: &RunState) -> Result<Vec<TaskRecord>> {
        if state.offered == 0 {
            return Ok(Vec::new());
        }
        let tasks = self.shared().store.tasks_of_run(&by.tenant, state.run).await;
        tasks.map_err(refused(RUN))
    }

    /// Without inputs, outputs and steps.
    ///
    /// # Errors
    /// `Store`.
    pub async fn list_runs(&self, by: &Principal, filter: RunFilter, page: Page) -> Result<PageOf<RunView>> {
        let search = RunSearch {
            filter,
            input: Vec::new(),
        };
        self.search_runs(by, &search, page).await
    }

    /// What the run waits for right now.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn why(&self, by: &Principal, run: RunId) -> Result<Vec<Reason>> {
        let ReadRun { record, state, trouble } = self.read(by, run).await?;
        Ok(match state {
            Some(state) => {
                let tasks = self.held_tasks(by, &state, MAX_ACTIVITIES).await?;
                let mut reasons = why(&record, &state, &tasks, self.shared().clock.now());
                if let Some(waits) = self.why_held_back(by, &record, &state).await? {
                    // Whoever waits for an admission waits for no node.
                    reasons.retain(|reason| !matches!(reason.kind, "unclaimed" | "queued"));
                    reasons.push(waits);
                }
                reasons
            }
            None => vec![unusable(&record, trouble.as_deref().unwrap_or_default())],
        })
    }
}

fn priority(given: i64) -> Result<i8> {
    let known = i8::try_from(given).ok();
    let known = known.filter(|rank| (-MAX_PRIORITY..=MAX_PRIORITY).contains(rank));
    known.ok_or_else(|| {
        invalid(
            "/priority",
            "out-of-range",
            "a priority is a whole number from -100 to 100",
        )
    })
}

pub(super) fn input_errors(definition: &Definition, input: &serde_json::Value) -> Vec<InputError> {
    if let Some((code, reason)) = excess(input) {
        return vec![InputError {
            pointer: "/input".to_owned(),
            code: code.into(),
            message: format!("the input {reason}"),
        }];
    }
    definition
        .input
        .as_ref()
        .map_or_else(Vec::new, |schema| schema.validate(input))
}

/// Whether it has settled or the time is over: the view that follows says how it stands.
async fn until_settled(mut watch: RunWatch, limit: Duration) {
    let settled = async { while !watch.progressed().await.is_settled() {} };
    let _ = tokio::time::timeout(limit, settled).await;
}
