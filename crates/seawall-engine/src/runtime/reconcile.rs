//! Comparing what the store says this node holds with what is in memory. A live node strands nothing.

use std::collections::HashSet;
use std::sync::Arc;

use seawall_store::{ClaimedRun, Epoch, HeldRun, RunId, StoreResult, Timestamp};

use crate::runtime::run_task;
use crate::runtime::shared::Shared;

/// Adopts held runs that nobody here works for, and drops tasks whose lease is gone. Only the dispatcher calls it, so no
/// claim is under way meanwhile.
pub(crate) async fn reconcile(shared: &Arc<Shared>) -> StoreResult<()> {
    let identity = shared.node.current();
    // First memory, then the store: what was created or claimed in between is in the later picture only, and is left alone.
    let before = shared.held.snapshot();
    let runs = shared.store.held(identity.id).await?;
    let held: HashSet<(RunId, Epoch)> = runs.iter().map(|held| (held.lease.run, held.lease.epoch)).collect();
    let lost: Vec<(RunId, Epoch)> = before.into_iter().filter(|run| !held.contains(run)).collect();
    // A run that is being created has its place already, so it is none of these.
    let held = runs.iter().map(|held| held.lease.run);
    let missing: HashSet<RunId> = held.filter(|run| !shared.held.contains(*run)).collect();
    if missing.is_empty() && lost.is_empty() {
        return Ok(());
    }
    // One that has just been given back is still in the first picture of the store, but not in a second one. Its task
    // leaves by itself: dropped, it would ask for the next comparison, and under load that would never end.
    let runs = shared.store.held(identity.id).await?;
    for (run, epoch) in lost {
        shared.held.drop_run(run, epoch);
    }
    let mut others = Vec::new();
    for held in runs {
        let HeldRun { lease, deaths, .. } = &held;
        if !missing.contains(&lease.run) || shared.held.contains(lease.run) {
            continue;
        }
        if !shared.held.suspect_room().admits(*deaths) {
            others.push(held);
            continue;
        }
        tracing::warn!(run.id = %lease.run, "a run that this node holds was not in memory; going on with it");
        let (lease, deaths) = (lease.clone(), *deaths);
        run_task::spawn_claimed(shared, &identity, ClaimedRun { lease, deaths });
    }
    // A run whose holders keep dying goes on when there is room for it beside others of that kind: claims see to that.
    for HeldRun { lease, last_seq, .. } in others {
        tracing::warn!(run.id = %lease.run, "a run that this node holds was not in memory; it is given back, to wait for its turn");
        shared.store.release(&lease, last_seq, Some(Timestamp::ZERO)).await?;
    }
    Ok(())
}
