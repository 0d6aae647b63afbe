//! Parents, children, and tasks of workers outside.

use seawall_store::{FlowStage, InspectStore, RunKey, RunParts, StoreResult, TaskId, TaskStatus, TenantId};

use super::finding::VerifyFindingKind;
use super::report::Found;
use crate::core::{RunState, StepStatus, Wait};
use crate::journal::{end_message_key, retry_message_key, task_message_key};

/// What is wrong between the run of that number and its parent and children.
pub(super) async fn check(
    store: &dyn InspectStore,
    tenant: &TenantId,
    (run, state): (RunKey, &RunState),
    parts: &RunParts,
) -> StoreResult<Vec<Found>> {
    let mut found = Vec::new();
    if state.is_terminal() {
        return Ok(found);
    }
    if let Some(parent) = &state.parent
        && store.inspect_id(tenant, parent.run).await?.is_none()
    {
        let detail = format!("its parent {} does not exist", parent.run);
        found.push(Found::new(VerifyFindingKind::Orphan, detail));
    }
    for (slot, own) in state.activities() {
        let name = || state.name(slot).to_string();
        let (child, round) = match (own.status, &own.wait) {
            (StepStatus::Waiting, Some(Wait::Child { run: child, round, .. })) => (child, round),
            (StepStatus::Waiting, Some(Wait::Task { id, .. })) => {
                found.extend(task(store, run, parts, (*id, &name)).await?);
                continue;
            }
            _ => continue,
        };
        let name = name();
        let Some((child_key, status)) = store.inspect_id(tenant, *child).await? else {
            let detail = format!("{name} waits for the child {child}, which does not exist");
            found.push(Found::new(VerifyFindingKind::ChildMissing, detail));
            continue;
        };
        let key = end_message_key(*child, *round);
        let silent = status.is_terminal() && store.inspect_message(run, &key).await? != Some(true);
        // One that is retried has ended before, and is not done with: it does not know it yet, or waits for its slot.
        if silent && !(*round > 0 && is_to_go_on(store, child_key, *round).await?) {
            let detail = format!("{name} waits for the child {child}, which is {status}, and no message says so");
            found.push(Found::new(VerifyFindingKind::ChildEndLost, detail));
        }
    }
    Ok(found)
}

async fn is_to_go_on(store: &dyn InspectStore, child: RunKey, round: u32) -> StoreResult<bool> {
    if store.inspect_message(child, &retry_message_key(round)).await? == Some(true) {
        return Ok(true);
    }
    let parts = store.inspect_parts(child).await?;
    Ok(!parts.unread.is_empty() || (parts.withheld > 0 && parts.stage == Some(FlowStage::Queued)))
}

async fn task(
    store: &dyn InspectStore,
    run: RunKey,
    parts: &RunParts,
    (id, name): (TaskId, &(dyn Fn() -> String + Sync)),
) -> StoreResult<Option<Found>> {
    let (kind, detail) = match parts.tasks.get(&id) {
        None => (
            VerifyFindingKind::TaskMissing,
            format!("{} waits for {id}, which does not exist", name()),
        ),
        Some(TaskStatus::Settled) if store.inspect_message(run, &task_message_key(id)).await? != Some(true) => (
            VerifyFindingKind::TaskEndLost,
            format!("{} waits for {id}, which is settled, and no message says so", name()),
        ),
        Some(_) => return Ok(None),
    };
    Ok(Some(Found::new(kind, detail)))
}
