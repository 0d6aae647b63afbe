//! Which version a child run will execute.

use std::time::Duration;

use seawall_store::{StoreError, StoreResult, TenantId, WorkflowRecord, WorkflowRef};

use crate::core::FoundChild;
use crate::executor::StepError;
use crate::runtime::definitions::DefinitionTrouble;
use crate::runtime::run_task::driver::Lookup;
use crate::runtime::shared::Shared;

const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// Finds the version and makes sure that it can be run. Waits for a store that cannot be read now.
pub(super) async fn find(shared: &Shared, tenant: &TenantId, lookup: &Lookup) -> Result<FoundChild, StepError> {
    let mut pause = FIRST_RETRY;
    let record = loop {
        match record(shared, tenant, lookup).await {
            Ok(found) => break found,
            Err(error) if error.is_temporary() => {
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(LAST_RETRY);
            }
            Err(error) => return Err(StepError::new("workflow-unreadable", error.to_string())),
        }
    };
    let record = record.ok_or_else(|| missing(lookup))?;
    match shared.definitions.of_record(&record) {
        Ok(definition) => Ok(FoundChild {
            workflow: record.pinned(),
            digest: record.digest,
            definition: Some(definition),
        }),
        Err(trouble @ (DefinitionTrouble::Broken(_) | DefinitionTrouble::Missing { .. })) => {
            Err(StepError::permanent("workflow-invalid", trouble.to_string()))
        }
        Err(trouble @ DefinitionTrouble::Store(_)) => Err(StepError::new("workflow-unreadable", trouble.to_string())),
    }
}

/// One that came along with a run cannot be called: it is forgotten as soon as no run is pinned to it.
async fn record(shared: &Shared, tenant: &TenantId, lookup: &Lookup) -> StoreResult<Option<WorkflowRecord>> {
    let target = match lookup.workflow.parse() {
        Ok(id) => WorkflowRef::Id(id),
        Err(_) => WorkflowRef::Name(lookup.workflow.clone()),
    };
    let latest: Result<_, StoreError> = shared.store.workflow(tenant, &target).await;
    match (latest?.filter(|latest| !latest.inline), lookup.version) {
        (Some(latest), Some(version)) if version != latest.version => {
            shared.store.workflow_version(tenant, latest.id, version).await
        }
        (latest, _) => Ok(latest),
    }
}

fn missing(lookup: &Lookup) -> StepError {
    let version = lookup
        .version
        .map_or_else(String::new, |version| format!(", version {version}"));
    StepError::permanent(
        "workflow-not-found",
        format!("there is no workflow {}{version}", lookup.workflow),
    )
}
