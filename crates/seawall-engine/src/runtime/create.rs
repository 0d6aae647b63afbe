//! Creation of a run.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{IdempotencyKey, RunId, RunWatch, Seq, StoreError, StoreResult, TenantId, WorkflowVersion};

use crate::api::{IdempotentRequest, RunStarted};
use crate::core::{Event, Recorded, RunCreated, RunState};
use crate::datum::Datum;
use crate::definition::Definition;
use crate::runtime::run_task::{Newborn, spawn_newborn};
use crate::runtime::shared::Shared;

/// How long an idempotency key is kept.
pub(crate) const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A run to be created; everything in it was checked.
pub(crate) struct NewRunRequest {
    pub(crate) tenant: TenantId,
    pub(crate) created_by: Arc<str>,
    pub(crate) workflow: WorkflowVersion,
    pub(crate) definition: Arc<Definition>,
    pub(crate) input: Datum,
    /// What stands right after the creation: where a fork comes from, and what it takes over.
    pub(crate) origin: Vec<Event>,
    pub(crate) idempotency: Option<IdempotentRequest>,
}

/// Creates the run: here in memory if there is room, nobody waits for it and the node is alive, else for whoever claims it.
pub(crate) async fn create(shared: &Arc<Shared>, request: NewRunRequest) -> StoreResult<RunStarted> {
    let (newborn, state) = newborn(shared, request)?;
    begin(shared, newborn, state).await
}

/// The same, with a watch on the new run that was registered before it existed. Of a replayed one it sees nothing.
pub(crate) async fn create_watched(
    shared: &Arc<Shared>,
    request: NewRunRequest,
) -> StoreResult<(RunStarted, RunWatch)> {
    let (newborn, state) = newborn(shared, request)?;
    let watch = shared.store.watch(newborn.run);
    Ok((begin(shared, newborn, state).await?, watch))
}

async fn begin(shared: &Arc<Shared>, newborn: Newborn, state: RunState) -> StoreResult<RunStarted> {
    if shared.is_queueing() {
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

fn newborn(shared: &Shared, request: NewRunRequest) -> StoreResult<(Newborn, RunState)> {
    let now = shared.clock.now();
    let first = Recorded {
        seq: Seq(1),
        at: now,
        event: Event::RunCreated(Box::new(RunCreated {
            run: RunId::generate(),
            workflow: request.workflow,
            definition: request.definition.digest,
            input: request.input,
            created_by: request.created_by,
            parent: None,
            depth: 0,
        })),
    };
    let mut state = RunState::created(request.definition, &first).map_err(|error| StoreError::Corrupt {
        detail: "the workflow's digest is not that of its definition".to_owned(),
        source: Some(Box::new(error)),
    })?;
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
    };
    Ok((newborn, state))
}
