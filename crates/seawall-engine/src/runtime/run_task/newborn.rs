//! A run that is created here and stays in memory: its creation, and whatever needs no waiting, is one commit.

use std::sync::Arc;

use seawall_store::{
    CreatedRun, FlowEntry, IdempotencyKey, NewRun, NodeId, RunId, RunProjection, RunStatus, Segment, StoreError,
    StoreResult, TenantId, Timestamp, WorkflowVersion,
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
use crate::runtime::run_task::task::{RunTask, log_end};
use crate::runtime::shared::Shared;

/// Steps done in place before the creation is written. The client waits meanwhile.
const IN_PLACE: u32 = 64;

/// A run before it is durable.
pub(crate) struct Newborn {
    pub(crate) tenant: TenantId,
    pub(crate) run: RunId,
    pub(crate) workflow: WorkflowVersion,
    pub(crate) created_by: Arc<str>,
    pub(crate) created_at: Timestamp,
    /// Its `RunCreated`, and what a fork takes over.
    pub(crate) creation: Vec<Recorded>,
    /// What its row says before anybody works on it.
    pub(crate) queued: RunProjection,
    pub(crate) idempotency: Option<IdempotencyKey>,
    pub(crate) priority: i8,
    /// What holds it back; such a run is not begun here.
    pub(crate) flow: Option<FlowEntry>,
}

impl Newborn {
    fn new_run(&self, segment: Segment, projection: RunProjection, hold: Option<NodeId>) -> NewRun {
        NewRun {
            id: self.run,
            workflow: self.workflow.clone(),
            created_by: Arc::clone(&self.created_by),
            created_at: self.created_at,
            parent: None,
            segment,
            reader: journal::READER_VERSION,
            projection,
            idempotency: self.idempotency.clone(),
            hold,
            priority: self.priority,
            flow: self.flow.clone(),
        }
    }

    /// Creates it for whoever claims it.
    pub(crate) async fn create_unheld(self, shared: &Shared) -> StoreResult<RunStarted> {
        let segment = journal::encode(&self.creation);
        let new = self.new_run(segment, self.queued.clone(), None);
        let created = shared.store.create_run(&self.tenant, new).await?;
        Ok(answer(&created, self.run, self.queued.status))
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
    (newborn, state): (Newborn, RunState),
) -> StoreResult<RunStarted> {
    let (tell, told) = oneshot::channel();
    let task_shared = Arc::clone(shared);
    shared.spawner.spawn(async move {
        let driver = begun(&task_shared, state, &newborn);
        be_born(&task_shared, (identity, place), (newborn, driver), tell).await;
    });
    told.await.unwrap_or_else(|cut_off| {
        // A panic or the end of the process, perhaps after the creation was sent.
        shared.in_doubt();
        Err(StoreError::Ambiguous {
            source: Box::new(cut_off),
        })
    })
}

async fn be_born(
    shared: &Arc<Shared>,
    (identity, place): (Arc<Identity>, Place),
    (newborn, mut driver): (Newborn, Driver),
    tell: oneshot::Sender<StoreResult<RunStarted>>,
) {
    let run = newborn.run;
    // Registered before the run exists, so that no message to it is missed.
    let watch = shared.store.watch(run);
    let (new, ended) = creation(&mut driver, &newborn, identity.id);
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
            if ended && !told.replayed {
                driver.tell_facts();
                log_end(&driver);
            }
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
    let trace = driver.state().trace.as_deref();
    tracing::info!(run.id = %run, workflow.name = %newborn.workflow.name, run.trace = trace, "run started");
    drop(newborn);
    place.created(lease.epoch);
    driver.confirm(last);
    let predecessor = Predecessor { dead: true };
    let task = RunTask {
        shared,
        identity,
        place,
        lease,
    };
    task.live(watch, Some(driver), predecessor).await;
}

/// The run with everything done that needs nobody else.
fn begun(shared: &Shared, state: RunState, newborn: &Newborn) -> Driver {
    let mut driver = Driver::unborn(state, newborn.creation.clone(), shared, &newborn.tenant);
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
    driver
}

/// What is written first. A run that has ended with it is held by nobody.
fn creation(driver: &mut Driver, newborn: &Newborn, node: NodeId) -> (NewRun, bool) {
    let (batch, only_creation) = first_batch(driver, newborn.creation.len());
    let ended = !only_creation && driver.state().is_terminal();
    let projection = if only_creation {
        newborn.queued.clone()
    } else {
        driver.state().projection()
    };
    let hold = (!ended).then_some(node);
    (newborn.new_run(journal::encode(&batch.events), projection, hold), ended)
}
