//! Forks: a new run that takes over what another one has settled, up to a step, and does the rest again.

use std::sync::Arc;

use seawall_store::RunId;

use crate::api::controls::{conflict, invalid};
use crate::api::engine::{Result, refused};
use crate::api::read::{RUN, ReadRun};
use crate::api::runs::input_errors;
use crate::api::{Engine, EngineError, ForkRun, Principal, RunStarted};
use crate::core::{ActivityState, CopiedStatus, Event, RunState, Slot, StepCopied, StepStatus, Wait};
use crate::datum::{Datum, weight};
use crate::definition::{Definition, Kind, OnError, Step};
use crate::effect::EffectClass;
use crate::names::StepId;
use crate::runtime::{NewRunRequest, create};

/// Of the results that are copied: they stand in one write of a client, and the store lets not much more of those wait.
const MAX_COPIED: usize = 16 * 1024 * 1024;
/// A refusal names at most this many steps and items.
const MAX_NAMED: usize = 10;

impl Engine {
    /// Creates a run that copies what `run` has settled, except for `from_step` and all that needs what is done anew. Durable
    /// when it answers.
    ///
    /// # Errors
    /// Those of [`Engine::create_run`]; `Invalid` for a step that is not in the definition; `Conflict` when the run cannot be
    /// read here, its results are too large to be copied, or an effect of class `once` would be repeated of which nobody
    /// knows whether it happened, or a child run that is under way.
    pub async fn fork_run(&self, by: &Principal, run: RunId, request: ForkRun) -> Result<RunStarted> {
        self.is_open()?;
        let ReadRun { record, state, .. } = self.read(by, run).await?;
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
        if let Some(detail) = repeats(&source, &definition, &from_step, &copies) {
            return Err(conflict(status, detail));
        }
        let copies: Vec<StepCopied> = copies.into_iter().flatten().collect();
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
            trace: self.trace(),
        };
        create(self.shared(), new).await.map_err(refused(RUN))
    }
}

/// What the new run takes over: for each step of its definition its result, or None if it is done anew.
fn copies(source: &RunState, definition: &Definition, from_step: &StepId) -> Vec<Option<StepCopied>> {
    let undoing = undoing(source);
    let settled = definition.steps.iter().map(|step| {
        let (index, _) = source.definition.step(&step.id)?;
        let kept = step.id != *from_step && !undoing.contains(&index);
        kept.then(|| copy(source, index, step)).flatten()
    });
    let settled: Vec<Option<StepCopied>> = settled.collect();
    let anew = (0..settled.len()).filter(|index| settled[*index].is_none()).collect();
    let anew = with_descendants(definition, anew);
    let copies = settled.into_iter().zip(anew);
    copies.map(|(copied, anew)| copied.filter(|_| !anew)).collect()
}

/// For each step, whether it is one of `open` or needs one, however far off.
fn with_descendants(definition: &Definition, mut open: Vec<usize>) -> Vec<bool> {
    let mut found = vec![false; definition.steps.len()];
    while let Some(index) = open.pop() {
        if !std::mem::replace(&mut found[index], true) {
            open.extend(definition.dependents(index));
        }
    }
    found
}

/// Why the fork must not be: under keys of its own it would do what may have been done, or is being done, by the other run,
/// and must not be done twice. Whoever names such a step as the one to begin with has said so.
fn repeats(
    source: &RunState,
    definition: &Definition,
    from_step: &StepId,
    copies: &[Option<StepCopied>],
) -> Option<String> {
    let again = |id: &StepId| definition.step(id).is_some_and(|(index, _)| copies[index].is_none());
    let in_doubt = |own: &ActivityState| match own.status {
        StepStatus::Running | StepStatus::Unknown => true,
        StepStatus::Waiting => matches!(own.wait, Some(Wait::Task { .. })),
        _ => false,
    };
    // What a child does has classes of its own, and nobody here knows how far it is.
    let is_under_way = |slot: Slot, own: &ActivityState| match &source.doing(slot).kind {
        Kind::Workflow(_) => matches!(own.status, StepStatus::Running | StepStatus::Waiting),
        _ => source.doing(slot).effect == EffectClass::Once && in_doubt(own),
    };
    let repeated = source.activities().filter(|(slot, own)| {
        let id = &source.definition.steps[slot.step].id;
        slot.is_main() && is_under_way(*slot, own) && id != from_step && again(id)
    });
    let names: Vec<String> = repeated.map(|(slot, _)| source.name(slot).to_string()).collect();
    let more = names.len().saturating_sub(MAX_NAMED);
    let mut named = names.get(..MAX_NAMED).unwrap_or(&names).join(", ");
    if more > 0 {
        named.push_str(&format!(" and {more} more"));
    }
    (!names.is_empty()).then(|| {
        format!(
            "what is of class `once`, or a child run, would be done again while it is not known how it ended in the other run; \
             wait for its end, resolve it, or fork from that step: {named}"
        )
    })
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
