//! What the oracle of flow control keeps.

use std::sync::Arc;

use crate::ids::{TenantId, WorkflowId};
use crate::records::{FlowStage, OnConflict, Spent};
use crate::time::Timestamp;

/// Tenant, workflow, key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct LineName {
    pub(super) tenant: TenantId,
    pub(super) scope: WorkflowId,
    pub(super) key: Option<Arc<str>>,
}

#[derive(Default)]
pub(super) struct LineRow {
    /// Of when something last began to run or wait in it.
    pub(super) number: i64,
    /// The rate's clock.
    pub(super) spent: Spent,
    pub(super) next_at: Option<Timestamp>,
    /// Where the clock stood when that was counted.
    pub(super) counted_at: Option<Timestamp>,
}

impl LineRow {
    /// Where the clock stood when the next start was counted from it, if that is later than it stands now.
    pub(super) fn counted_ahead_of(&self, now: Timestamp) -> Option<Timestamp> {
        self.next_at.and(self.counted_at).filter(|counted| *counted > now)
    }
}

pub(super) struct Quiet {
    pub(super) key: Option<Arc<str>>,
    pub(super) first_at: Timestamp,
    pub(super) not_before: Timestamp,
}

pub(super) struct FlowRow {
    pub(super) line: LineName,
    pub(super) stage: FlowStage,
    pub(super) priority: i8,
    pub(super) on_conflict: OnConflict,
    /// The message of the first admission, until then.
    pub(super) admitted: Option<Arc<[u8]>>,
    pub(super) since: Timestamp,
    pub(super) order: i64,
    pub(super) quiet: Option<Quiet>,
    /// It was told to give way since its admission.
    pub(super) told: bool,
}

impl FlowRow {
    /// Debounced by a clock that stood later than now.
    pub(super) fn waits_since_after(&self, now: Timestamp) -> bool {
        self.stage == FlowStage::Debounced && self.since > now
    }
}
