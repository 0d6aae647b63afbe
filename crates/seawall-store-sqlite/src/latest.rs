//! The latest versions of workflows that were asked for, kept in memory.
//!
//! Every run is created from one, so this read is as hot as the writer. It is right because this process alone writes to the
//! file: whatever changes a workflow forgets all that is kept, after its commit and before its answer.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use seawall_store::{TenantId, WorkflowRecord, WorkflowRef};

/// Bytes of definitions that are kept; beyond, all are forgotten.
const MAX_BYTES: usize = 4 << 20;
/// What an entry costs beside its source.
const OVERHEAD: usize = 512;

/// Clones share it.
#[derive(Clone, Default)]
pub(crate) struct LatestWorkflows(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// Raised by each change: what was read before it is not kept after it.
    changes: u64,
    bytes: usize,
    kept: HashMap<(TenantId, WorkflowRef), WorkflowRecord>,
}

/// How many changes there were before a read began.
#[derive(Clone, Copy)]
pub(crate) struct Before(u64);

impl LatestWorkflows {
    /// The record, or where to begin if it must be read.
    pub(crate) fn get(&self, tenant: &TenantId, target: &WorkflowRef) -> Result<WorkflowRecord, Before> {
        let inner = self.0.lock();
        let key = (tenant.clone(), target.clone());
        inner.kept.get(&key).cloned().ok_or(Before(inner.changes))
    }

    /// Keeps what was read, unless something has changed since.
    pub(crate) fn keep(&self, before: Before, tenant: TenantId, target: WorkflowRef, record: WorkflowRecord) {
        let mut inner = self.0.lock();
        if inner.changes != before.0 {
            return;
        }
        let bytes = record.source.len() + OVERHEAD;
        if inner.bytes + bytes > MAX_BYTES {
            inner.forget();
        }
        inner.bytes += bytes;
        inner.kept.insert((tenant, target), record);
    }

    /// A workflow has changed, or may have.
    pub(crate) fn changed(&self) {
        let mut inner = self.0.lock();
        inner.changes += 1;
        inner.forget();
    }
}

impl Inner {
    fn forget(&mut self) {
        self.kept.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seawall_store::{Digest, Timestamp, WorkflowId};

    fn record(source: &str) -> WorkflowRecord {
        WorkflowRecord {
            id: WorkflowId::generate(),
            name: "flow".into(),
            description: None,
            version: 1,
            source: source.into(),
            digest: Digest::of(source.as_bytes()),
            inline: false,
            created_at: Timestamp::ZERO,
            updated_at: Timestamp::ZERO,
        }
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let (latest, tenant) = (LatestWorkflows::default(), TenantId::default());
        let target = WorkflowRef::Name("flow".to_owned());
        let Err(before) = latest.get(&tenant, &target) else {
            panic!("nothing is kept yet")
        };
        latest.changed();
        latest.keep(before, tenant.clone(), target.clone(), record("old"));
        let Err(before) = latest.get(&tenant, &target) else {
            panic!("the old one was kept")
        };
        latest.keep(before, tenant.clone(), target.clone(), record("new"));
        assert_eq!(&*latest.get(&tenant, &target).map_err(|_| ()).unwrap().source, "new");
        latest.changed();
        assert!(latest.get(&tenant, &target).is_err());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (latest, tenant) = (LatestWorkflows::default(), TenantId::default());
        let big = "x".repeat(MAX_BYTES / 3);
        for number in 0..10 {
            let target = WorkflowRef::Name(format!("flow-{number}"));
            let Err(before) = latest.get(&tenant, &target) else {
                panic!("asked for once")
            };
            latest.keep(before, tenant.clone(), target, record(&big));
            assert!(latest.0.lock().bytes <= MAX_BYTES);
        }
    }
}
