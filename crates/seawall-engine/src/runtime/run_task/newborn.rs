//! A run that is created here and stays in memory: its creation, and whatever needs no waiting, is one commit.

use std::sync::Arc;

use seawall_store::{
    CreatedRun, IdempotencyKey, NewRun, NodeId, RunId, RunProjection, RunStatus, Segment, StoreError, StoreResult, TenantId,
};
use tokio::sync::oneshot;

use crate::api::RunStarted;
use crate::core::{Command, Recorded, RunState};
use crate::journal;
use crate::runtime::held::Place;
use crate::runtime::identity::Identity;
use crate::runtime::run_task::driver::{Driver, Next};
use crate::runtime::run_task::flush::first_batch;
use crate::runtime::run_task::load::Predecessor;
use crate::runtime::run_task::task::RunTask;
use crate::runtime::shared::Shared;

/// Steps done in place before the creation is written. The client waits meanwhile.
const IN_PLACE: u32 = 64;

/// A run before it is durable.
pub(crate) struct Newborn {
    pub(crate) tenant: TenantId,
    /// Its `RunCreated`.
    pub(crate) first: Recorded,
    pub(crate) state: RunState,
    pub(crate) idempotency: Option<IdempotencyKey>,
}

impl Newborn {
    /// The run as it is before anybody works on it.
    fn queued(&self) -> NewRun {
        let segment = journal::encode(std::slice::from_ref(&self.first));
        self.new_run(segment, self.state.projection(), None)
    }

    fn new_run(&self, segment: Segment, projection: RunProjection, hold: Option<NodeId>) -> NewRun {
        NewRun {
            id: self.state.run,
            workflow: self.state.workflow.clone(),
            created_by: Arc::clone(&self.state.created_by),
            created_at: self.first.at,
            parent: None,
            segment,
            projection,
            idempotency: self.idempotency.clone(),
            hold,
        }
    }

    /// Creates it for whoever claims it.
    pub(crate) async fn create_unheld(self, shared: &Shared) -> StoreResult<RunStarted> {
        let run = self.state.run;
        let new = self.queued();
        let status = new.projection.status;
        let created = shared.store.create_run(&self.tenant, new).await?;
        Ok(answer(&created, run, status))
    }
}

fn answer(created: &CreatedRun, run: RunId, status: RunStatus) -> RunStarted {
    match created {
        CreatedRun::New { .. } => RunStarted {
            run,
            replayed: false,
            status,
        },
        CreatedRun::Replayed(record) => RunStarted {
            run: record.id,
            replayed: true,
            status: record.projection.status,
        },
    }
}

/// Begins the run, creates it held by this node, and goes on with it. The answer comes when it is durable; a client that
/// does not wait for it takes nothing away from the run.
pub(crate) async fn spawn_newborn(
    shared: &Arc<Shared>,
    identity: Arc<Identity>,
    place: Place,
    newborn: Newborn,
) -> StoreResult<RunStarted> {
    let (tell, told) = oneshot::channel();
    let task_shared = Arc::clone(shared);
    shared.spawner.spawn(async move {
        be_born(&task_shared, identity, place, newborn, tell).await;
    });
    told.await.unwrap_or(Err(StoreError::Unavailable {
        reason: "the engine is shutting down",
        source: None,
    }))
}

async fn be_born(
    shared: &Arc<Shared>,
    identity: Arc<Identity>,
    place: Place,
    newborn: Newborn,
    tell: oneshot::Sender<StoreResult<RunStarted>>,
) {
    let run = newborn.state.run;
    // Registered before the run exists, so that no message to it is missed.
    let watch = shared.store.watch(run);
    let (mut driver, new) = begin(shared, &newborn, identity.id);
    let (last, status) = (new.segment.last(), new.projection.status);
    let created = shared.store.create_run(&newborn.tenant, new).await;
    let lease = match created {
        Ok(created) => {
            let told = answer(&created, run, status);
            let lease = match created {
                CreatedRun::New { lease } => lease,
                CreatedRun::Replayed(_) => None,
            };
            // A client that went away does not need the answer.
            let _ = tell.send(Ok(told));
            lease
        }
        Err(StoreError::NodeDead) => {
            shared.node.lose(&identity, "the store declared it dead");
            // What was begun under the dead identity is forgotten: nobody has seen it.
            let _ = tell.send(newborn.create_unheld(shared).await);
            return;
        }
        Err(error) => {
            let written = matches!(error, StoreError::Ambiguous { .. });
            drop(place);
            if written {
                shared.in_doubt();
            }
            let _ = tell.send(Err(error));
            return;
        }
    };
    let Some(lease) = lease else { return };
    tracing::info!(run.id = %run, workflow.name = %newborn.state.workflow.name, "run started");
    drop(newborn);
    place.created(lease.epoch);
    driver.confirm(last);
    let predecessor = Predecessor { deaths: 0, dead: true };
    let task = RunTask {
        shared,
        identity,
        place,
        lease,
    };
    task.live(watch, Some(driver), predecessor).await;
}

/// The run with everything done that needs nobody else, and its creation.
fn begin(shared: &Shared, newborn: &Newborn, node: NodeId) -> (Driver, NewRun) {
    let mut driver = Driver::unborn(
        newborn.state.clone(),
        newborn.first.clone(),
        Arc::clone(&shared.clock),
        shared.config.lease,
    );
    driver.apply(Command::Begin);
    for _ in 0..IN_PLACE {
        match driver.next() {
            Next::Done => {}
            Next::Nothing => break,
            Next::Begin(plan) => {
                driver.put_back(plan);
                break;
            }
        }
    }
    let (batch, elsewhere) = first_batch(&mut driver);
    let projection = if elsewhere {
        newborn.state.projection()
    } else {
        driver.state().projection()
    };
    let new = newborn.new_run(journal::encode(&batch.events), projection, Some(node));
    (driver, new)
}
