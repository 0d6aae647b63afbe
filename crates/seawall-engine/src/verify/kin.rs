//! Parents and children.

use seawall_store::{InspectStore, MessageKey, RunKey, StoreResult, TenantId};

use super::finding::VerifyFindingKind;
use super::report::Found;
use crate::core::{RunState, StepStatus, Wait};

/// What is wrong between the run of that number and its parent and children.
pub(super) async fn check(
    store: &dyn InspectStore,
    tenant: &TenantId,
    (run, state): (RunKey, &RunState),
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
        let (StepStatus::Waiting, Some(Wait::Child { run: child, .. })) = (own.status, &own.wait) else {
            continue;
        };
        let name = state.name(slot);
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
