//! Forks: a new run that takes over what another one has settled, up to a step, and does the rest again.

use std::sync::Arc;

use seawall_store::RunId;

use crate::api::controls::{conflict, invalid};
use crate::api::engine::{Result, refused};
use crate::api::read::{RUN, ReadRun};
use crate::api::runs::input_errors;
use crate::api::{Engine, EngineError, ForkRun, Principal, RunStarted};
use crate::core::{CopiedStatus, Event, RunState, Slot, StepCopied, StepStatus};
use crate::datum::{Datum, weight};
use crate::definition::{Definition, OnError, Step};
use crate::names::StepId;
use crate::runtime::{NewRunRequest, create};

/// Of the results that are copied: they stand in one write of a client, and the store lets not much more of those wait.
const MAX_COPIED: usize = 16 * 1024 * 1024;

impl Engine {
    /// Creates a run that copies what `run` has settled, except for `from_step` and all that need it. Durable when it answers.
    ///
    /// # Errors
    /// Those of [`Engine::create_run`]; `Invalid` for a step that is not in the definition; `Conflict` when the run cannot be
    /// read here, or its results are too large to be copied.
    pub async fn fork_run(&self, by: &Principal, run: RunId, request: ForkRun) -> Result<RunStarted> {
        self.is_open()?;
        let ReadRun { record, state } = self.read(by, run).await?;
        let status = record.projection.status;
        let Some(source) = state else {
            return Err(conflict(
                status,
                "the run cannot be read by this installation".to_owned(),
            ));
        };
        let (workflow, definition) = match &request.definition {
            Some(document) => self.inline(by, document).await?,
            None => (source.workflow.clone(), Arc::clone(&source.definition)),
        };
        let from_step = StepId::parse(&request.from_step).filter(|step| definition.step(step).is_some());
        let Some(from_step) = from_step else {
            let message = format!("the workflow {} has no such step", definition.name);
            return Err(invalid("/from_step", "unknown-step", &message));
        };
        let input = request.input.map_or_else(|| source.input.clone(), Datum::new);
        let errors = input_errors(&definition, input.json());
        if !errors.is_empty() {
            return Err(EngineError::InvalidInput(errors));
        }
        let copies = copies(&source, &definition, &from_step);
        let bytes: usize = copies.iter().map(|copied| weight(copied.output.json())).sum();
        if bytes > MAX_COPIED {
            let detail = "the results to be copied are more than 16 MiB; fork from an earlier step".to_owned();
            return Err(conflict(status, detail));
        }
        let (run_id, created_at) = (
            RunId::from_uuid(self.shared().entropy.uuid()),
            self.shared().clock.now(),
        );
        // The priority is the workflow's: what somebody said of the other run was said of that one.
        let flow = definition
            .flow
            .plan((run_id, created_at), &input, None, definition.timeout);
        let flow = flow.map_err(|error| invalid(error.pointer, error.code, &error.message))?;
        let forked = Event::RunForked { from: run, from_step };
        let copies = copies.into_iter().map(|copied| Event::StepCopied(Box::new(copied)));
        let new = NewRunRequest {
            run: run_id,
            created_at,
            flow,
            tenant: by.tenant.clone(),
            created_by: Arc::clone(&by.subject),
            workflow,
            definition,
            input,
            origin: std::iter::once(forked).chain(copies).collect(),
            idempotency: request.idempotency,
        };
        create(self.shared(), new).await.map_err(refused(RUN))
    }
}

/// What the new run takes over, in the order of its definition.
fn copies(source: &RunState, definition: &Definition, from_step: &StepId) -> Vec<StepCopied> {
    let again = with_descendants(definition, from_step);
    let undoing = undoing(source);
    let steps = definition.steps.iter().zip(again).filter(|(_, again)| !again);
    steps
        .filter_map(|(step, _)| {
            let (index, _) = source.definition.step(&step.id)?;
            let kept = !undoing.contains(&index);
            kept.then(|| copy(source, index, step)).flatten()
        })
        .collect()
}

/// For each step, whether it is the one or needs it, however far off.
fn with_descendants(definition: &Definition, from_step: &StepId) -> Vec<bool> {
    let mut found = vec![false; definition.steps.len()];
    let mut open: Vec<usize> = definition.step(from_step).map(|(index, _)| index).into_iter().collect();
    while let Some(index) = open.pop() {
        if !std::mem::replace(&mut found[index], true) {
            open.extend(definition.dependents(index));
        }
    }
    found
}

/// Steps of which something was undone, or is about to be: their results are true no longer.
fn undoing(source: &RunState) -> Vec<usize> {
    let undone = source.activities().filter(|(slot, own)| {
        let compensation = slot.part == crate::names::Part::Compensate;
        compensation && (source.is_compensating() || own.status == StepStatus::Succeeded)
    });
    let undone = undone.map(|(slot, _)| slot);
    let next = if source.is_stopping() {
        source.to_undo()
    } else {
        Vec::new()
    };
    undone.chain(next).map(|slot: Slot| slot.step).collect()
}

/// The result of a step, if it has settled in a way that the run went on with, and means the same in the new definition.
fn copy(source: &RunState, index: usize, step: &Step) -> Option<StepCopied> {
    let (old, own) = (&source.definition.steps[index], &source.steps[index].own);
    if old.kind.name() != step.kind.name() || !source.is_met(index) {
        return None;
    }
    let status = match own.status {
        StepStatus::Succeeded => CopiedStatus::Succeeded,
        StepStatus::Skipped => CopiedStatus::Skipped,
        StepStatus::Failed if matches!(step.on_error, OnError::Continue) => CopiedStatus::Failed,
        _ => return None,
    };
    Some(StepCopied {
        step: step.id.clone(),
        status,
        output: own.output.clone().unwrap_or_else(Datum::null),
        error: own.error.clone(),
    })
}
