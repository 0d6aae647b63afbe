//! From a lease to a run in memory.

use std::sync::Arc;

use seawall_store::{InboxRow, Lease, RunRecord, StoreError};

use crate::core::{Command, Phase, RunState};
use crate::journal::decode;
use crate::runtime::definitions::DefinitionTrouble;
use crate::runtime::run_task::driver::Driver;
use crate::runtime::shared::Shared;

/// From here on a run is blocked until a person looks at it.
const DEADLY: u32 = 10;

/// Of a journal, read before others get their turn.
const TURN_BYTES: usize = 256 * 1024;

/// What a load gave.
pub(super) struct Loaded {
    pub(super) driver: Driver,
    pub(super) inbox: Vec<InboxRow>,
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    #[error("the store did not give the run")]
    Store(#[source] StoreError),
    /// It can be held, but neither replayed nor continued.
    #[error("{reason}")]
    Unusable { record: Box<RunRecord>, reason: String },
}

/// Who held the run before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Predecessor {
    /// Nothing that it, or anybody before it, began can still be running.
    pub(super) dead: bool,
}

/// Loads and replays, and applies what a new holder has to: the beginning, or the recovery of what was in flight. What is due
/// comes only after the messages: what was acknowledged in time is not late because nobody was there to read it.
pub(super) async fn load(shared: &Arc<Shared>, lease: &Lease, of: Predecessor) -> Result<Loaded, LoadError> {
    let loaded = shared.store.load(lease).await.map_err(LoadError::Store)?;
    let unusable = |record: &RunRecord, reason: String| LoadError::Unusable {
        record: Box::new(record.clone()),
        reason,
    };
    let record = loaded.record;
    let definition = match shared.definitions.of(&lease.tenant, &record.workflow).await {
        Ok(definition) => definition,
        Err(DefinitionTrouble::Store(error)) => return Err(LoadError::Store(error)),
        Err(trouble) => return Err(unusable(&record, trouble.to_string())),
    };
    let mut events = Vec::new();
    let mut bytes = 0;
    for segment in &loaded.segments {
        bytes += segment.bytes.len();
        if bytes >= TURN_BYTES {
            bytes = 0;
            tokio::task::yield_now().await;
        }
        match decode(segment) {
            Ok(more) => events.extend(more),
            Err(error) => return Err(unusable(&record, error.to_string())),
        }
    }
    let state = RunState::replay(definition, &events).map_err(|error| unusable(&record, error.to_string()))?;
    drop(events);
    let driver = Driver::new(state, shared, &lease.tenant);
    Ok(Loaded {
        // The row's count: it is right whichever way the run came here, and however often it was loaded.
        driver: took_over(driver, record.deaths, of),
        inbox: loaded.inbox,
    })
}

fn took_over(mut driver: Driver, deaths: u32, of: Predecessor) -> Driver {
    let was_queued = driver.state().phase == Phase::Queued;
    let deadly = (deaths >= DEADLY).then_some(Command::BlockDeadly { deaths });
    let recover = Command::Recover {
        predecessor_dead: of.dead,
    };
    driver.take_over(deadly.into_iter().chain([recover]));
    let state = driver.state();
    if was_queued && state.phase != Phase::Queued {
        let trace = state.trace.as_deref();
        tracing::info!(run.id = %state.run, workflow.name = %state.workflow.name, run.trace = trace, "run started");
    }
    driver
}
