use std::sync::Arc;

use crate::ids::{Digest, WorkflowId};
use crate::time::Timestamp;

/// The version that a run is pinned to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkflowVersion {
    pub id: WorkflowId,
    pub name: Arc<str>,
    pub version: u32,
}

/// How a caller names a workflow.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum WorkflowRef {
    Id(WorkflowId),
    Name(String),
}

/// A definition to be kept. `source` is its canonical JSON text, `digest` the digest of that text.
#[derive(Clone, Debug)]
pub struct NewWorkflow {
    pub id: WorkflowId,
    pub name: Arc<str>,
    pub description: Option<String>,
    pub source: Arc<str>,
    pub digest: Digest,
}

/// One version of a workflow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkflowRecord {
    pub id: WorkflowId,
    pub name: Arc<str>,
    pub description: Option<String>,
    pub version: u32,
    pub source: Arc<str>,
    pub digest: Digest,
    /// Came along with a run; stands in no list.
    pub inline: bool,
    /// When the workflow (version 1) was made.
    pub created_at: Timestamp,
    /// When this version was made.
    pub updated_at: Timestamp,
}

impl WorkflowRecord {
    #[must_use]
    pub fn pinned(&self) -> WorkflowVersion {
        WorkflowVersion {
            id: self.id,
            name: Arc::clone(&self.name),
            version: self.version,
        }
    }
}
