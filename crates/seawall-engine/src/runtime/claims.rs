//! Claims that went through this process. What a worker's word about a task has to name is then known without a read; a task
//! is claimed once at most, so nothing here is ever wrong.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use seawall_store::{TaskId, TenantId, Timestamp};

use crate::names::ActivityRef;

/// Beyond, all are forgotten: tasks whose workers vanished would gather here.
const MAX: usize = 10_000;

/// Who has a task, and for whom.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) tenant: TenantId,
    pub(crate) activity: ActivityRef,
    pub(crate) worker: Arc<str>,
    pub(crate) claimed_at: Timestamp,
}

#[derive(Default)]
pub(crate) struct Claims(Mutex<HashMap<TaskId, Claim>>);

impl Claims {
    pub(crate) fn enter(&self, task: TaskId, claim: Claim) {
        let mut claims = self.0.lock();
        if claims.len() >= MAX {
            claims.clear();
        }
        claims.insert(task, claim);
    }

    /// None: it was claimed through another process, or long ago.
    pub(crate) fn of(&self, tenant: &TenantId, task: TaskId) -> Option<Claim> {
        let claims = self.0.lock();
        claims.get(&task).filter(|claim| claim.tenant == *tenant).cloned()
    }

    /// Its end was said.
    pub(crate) fn leave(&self, task: TaskId) {
        self.0.lock().remove(&task);
    }
}
