//! Parents, children, and tasks of workers outside.

use seawall_store::{InspectStore, MessageKey, RunKey, RunParts, StoreResult, TaskId, TaskStatus, TenantId};

use super::finding::VerifyFindingKind;
use super::report::Found;
use crate::core::{RunState, StepStatus, Wait};
use crate::journal::task_message_key;

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
        let child = match (own.status, &own.wait) {
            (StepStatus::Waiting, Some(Wait::Child { run: child, .. })) => child,
            (StepStatus::Waiting, Some(Wait::Task { id, .. })) => {
                found.extend(task(store, run, parts, (*id, &name)).await?);
                continue;
            }
            _ => continue,
        };
        let name = name();
        let Some((_, status)) = store.inspect_id(tenant, *child).await? else {
            let detail = format!("{name} waits for the child {child}, which does not exist");
            found.push(Found::new(VerifyFindingKind::ChildMissing, detail));
            continue;
        };
        let key = MessageKey(format!("child:{child}"));
        if status.is_terminal() && store.inspect_message(run, &key).await? != Some(true) {
            let detail = format!("{name} waits for the child {child}, which is {status}, and no message says so");
            found.push(Found::new(VerifyFindingKind::ChildEndLost, detail));
        }
    }
    Ok(found)
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
