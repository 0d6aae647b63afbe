//! Comparing what the store says this node holds with what is in memory. A live node strands nothing.

use std::collections::HashSet;
use std::sync::Arc;

use seawall_store::{ClaimedRun, Epoch, RunId, StoreResult};

use crate::runtime::run_task;
use crate::runtime::shared::Shared;

/// Adopts held runs that nobody here works for, and drops tasks whose lease is gone. Only the dispatcher calls it, so no
/// claim is under way meanwhile.
pub(crate) async fn reconcile(shared: &Arc<Shared>) -> StoreResult<()> {
    let identity = shared.node.current();
    // First memory, then the store: what was created or claimed in between is in the later picture only, and is left alone.
    let before = shared.held.snapshot();
    let leases = shared.store.held(identity.id).await?;
    let held: HashSet<(RunId, Epoch)> = leases.iter().map(|lease| (lease.run, lease.epoch)).collect();
    let lost: Vec<(RunId, Epoch)> = before.into_iter().filter(|run| !held.contains(run)).collect();
    // A run that is being created has its place already, so it is none of these.
    let held = leases.iter().map(|lease| lease.run);
    let missing: HashSet<RunId> = held.filter(|run| !shared.held.contains(*run)).collect();
    if missing.is_empty() && lost.is_empty() {
        return Ok(());
    }
    // One that has just been given back is still in the first picture of the store, but not in a second one. Its task
    // leaves by itself: dropped, it would ask for the next comparison, and under load that would never end.
    let leases = shared.store.held(identity.id).await?;
    for (run, epoch) in lost {
        shared.held.drop_run(run, epoch);
    }
    for lease in leases {
        if missing.contains(&lease.run) && !shared.held.contains(lease.run) {
            tracing::warn!(run.id = %lease.run, "a run that this node holds was not in memory; going on with it");
            run_task::spawn_claimed(shared, &identity, ClaimedRun { lease, deaths: 0 });
        }
    }
    Ok(())
}
