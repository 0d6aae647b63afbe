//! Creation of a run.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{
    IdempotencyKey, NewRun, RunId, RunWatch, Seq, StoreError, StoreResult, TenantId, Timestamp, WorkflowVersion,
};

use crate::api::{IdempotentRequest, RunStarted};
use crate::core::{Event, Recorded, RunCreated, RunState, ScheduledFor};
use crate::datum::Datum;
use crate::definition::{Definition, FlowError, FlowPlan};
use crate::journal;
use crate::observer::Observer;
use crate::runtime::run_task::{Newborn, spawn_newborn};
use crate::runtime::shared::Shared;

/// How long an idempotency key is kept.
pub(crate) const KEY_LIFE: Duration = IdempotencyKey::OUTLIVES;

/// A run to be created; everything in it was checked.
pub(crate) struct NewRunRequest {
    pub(crate) tenant: TenantId,
    pub(crate) created_by: Arc<str>,
    pub(crate) workflow: WorkflowVersion,
    pub(crate) definition: Arc<Definition>,
    pub(crate) input: Datum,
    /// What stands right after the creation: where a fork comes from, and what it takes over.
    pub(crate) origin: Vec<Event>,
    pub(crate) run: RunId,
    pub(crate) created_at: Timestamp,
    /// When it may begin.
    pub(crate) flow: FlowPlan,
    pub(crate) idempotency: Option<IdempotentRequest>,
    pub(crate) trace: Option<Arc<str>>,
}

/// Creates the run: here in memory if there is room, nobody waits for it and the node is alive, else for whoever claims it.
pub(crate) async fn create(shared: &Arc<Shared>, request: NewRunRequest) -> StoreResult<RunStarted> {
    let (newborn, state) = newborn(request)?;
    begin(shared, newborn, state).await
}

/// The same, with a watch on the new run that was registered before it existed. Of a replayed one it sees nothing.
pub(crate) async fn create_watched(
    shared: &Arc<Shared>,
    request: NewRunRequest,
) -> StoreResult<(RunStarted, RunWatch)> {
    let (newborn, state) = newborn(request)?;
    let watch = shared.store.watch(newborn.run);
    Ok((begin(shared, newborn, state).await?, watch))
}

async fn begin(shared: &Arc<Shared>, newborn: Newborn, state: RunState) -> StoreResult<RunStarted> {
    // One that waits for its admission occupies nobody's memory meanwhile.
    if shared.is_queueing() || newborn.flow.is_some() {
        return newborn.create_unheld(shared).await;
    }
    // A node that cannot stand now is no reason to refuse the run: the store says whether it takes it.
    if let Ok(identity) = shared.node.standing().await {
        let place = shared
            .held
            .enter_new(newborn.run, &identity, shared.config.max_active_runs);
        if let Ok(place) = place {
            return spawn_newborn(shared, identity, place, (newborn, state)).await;
        }
    }
    newborn.create_unheld(shared).await
}

fn newborn(request: NewRunRequest) -> StoreResult<(Newborn, RunState)> {
    let NewRunRequest { flow: plan, run, .. } = request;
    let now = request.created_at;
    let flow = plan
        .gate
        .as_ref()
        .map(|gate| journal::flow_entry(gate, run, &request.workflow, now));
    let first = Recorded {
        seq: Seq(1),
        at: now,
        event: Event::RunCreated(Box::new(RunCreated {
            run,
            workflow: request.workflow,
            definition: request.definition.digest,
            input: request.input,
            created_by: request.created_by,
            parent: None,
            depth: 0,
            scheduled: None,
            gated: flow.is_some(),
            priority: plan.priority,
            trace: request.trace,
        })),
    };
    let mut state = created(request.definition, &first)?;
    let mut creation = vec![first];
    for event in request.origin {
        let recorded = Recorded {
            seq: state.seq.plus(1),
            at: now,
            event,
        };
        state.evolve(&recorded);
        creation.push(recorded);
    }
    let idempotency = request.idempotency.map(|request| IdempotencyKey {
        key: request.key,
        fingerprint: request.fingerprint,
        expires_at: now.saturating_add(KEY_LIFE),
    });
    let newborn = Newborn {
        tenant: request.tenant,
        run: state.run,
        workflow: state.workflow.clone(),
        created_by: Arc::clone(&state.created_by),
        created_at: now,
        creation,
        queued: state.projection(),
        idempotency,
        priority: plan.priority,
        flow,
    };
    Ok((newborn, state))
}

fn created(definition: Arc<Definition>, first: &Recorded) -> StoreResult<RunState> {
    RunState::created(definition, first).map_err(|error| StoreError::Corrupt {
        detail: "the workflow's digest is not that of its definition".to_owned(),
        source: Some(Box::new(error)),
    })
}

/// What a schedule makes runs of.
pub(crate) struct ScheduledWork {
    pub(crate) workflow: WorkflowVersion,
    pub(crate) definition: Arc<Definition>,
    pub(crate) input: Datum,
}

/// The run for one time of a schedule. Its id follows from both, so that there is one run to it, however often it is made.
/// The inner error: the workflow's flow control can make nothing of this input.
pub(crate) fn scheduled_run(
    work: &ScheduledWork,
    scheduled: ScheduledFor,
    now: Timestamp,
    observer: Option<&dyn Observer>,
) -> StoreResult<Result<NewRun, FlowError>> {
    let fire_at = scheduled.fire_at.as_millis().to_be_bytes();
    let run = RunId::derived(&[scheduled.schedule.uuid().as_bytes(), &fire_at]);
    let definition = &work.definition;
    let plan = match definition.flow.plan((run, now), &work.input, None, definition.timeout) {
        Ok(plan) => plan,
        Err(error) => return Ok(Err(error)),
    };
    let gate = plan.gate.as_ref();
    let flow = gate.map(|gate| journal::flow_entry(gate, run, &work.workflow, now));
    let first = Recorded {
        seq: Seq(1),
        at: now,
        event: Event::RunCreated(Box::new(RunCreated {
            run,
            workflow: work.workflow.clone(),
            definition: work.definition.digest,
            input: work.input.clone(),
            created_by: Arc::from(format!("schedule:{}", scheduled.schedule)),
            parent: None,
            depth: 0,
            scheduled: Some(scheduled),
            gated: flow.is_some(),
            priority: plan.priority,
            trace: observer.and_then(|observer| observer.trace_of(run)),
        })),
    };
    let state = created(Arc::clone(&work.definition), &first)?;
    Ok(Ok(NewRun {
        priority: plan.priority,
        flow,
        id: run,
        workflow: work.workflow.clone(),
        created_by: Arc::clone(&state.created_by),
        created_at: now,
        parent: None,
        segment: journal::encode(std::slice::from_ref(&first)),
        reader: journal::READER_VERSION,
        projection: state.projection(),
        idempotency: None,
        hold: None,
    }))
}
