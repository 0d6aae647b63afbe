//! What clients ask for.

use seawall_store::{Digest, RunId, RunStatus, WorkflowRef};
use serde_json::Value;

/// Which definition a run executes.
#[derive(Clone, Debug)]
pub enum WorkflowSource {
    /// The latest version.
    Registered(WorkflowRef),
    /// A definition that comes along.
    Inline(Value),
}

/// A request for a run.
#[derive(Clone, Debug)]
pub struct CreateRun {
    pub workflow: WorkflowSource,
    pub input: Value,
    /// -100 to 100; without it what the definition says, or 0.
    pub priority: Option<i64>,
    pub idempotency: Option<IdempotentRequest>,
}

/// A request for a run that does another one again from a step on.
#[derive(Clone, Debug)]
pub struct ForkRun {
    /// The first step that is done again; all that need it are, too.
    pub from_step: String,
    /// None: the other run's.
    pub input: Option<Value>,
    /// None: the one that the other run executes.
    pub definition: Option<Value>,
    pub idempotency: Option<IdempotentRequest>,
}

/// A client's `Idempotency-Key`, hashed with its scope (tenant, principal, method, route), and the digest of the body.
#[derive(Clone, Copy, Debug)]
pub struct IdempotentRequest {
    pub key: Digest,
    pub fingerprint: Digest,
}

/// A run that exists durably.
#[derive(Clone, Copy, Debug)]
pub struct RunStarted {
    pub run: RunId,
    /// It was made by an earlier request with the same idempotency key.
    pub replayed: bool,
    pub status: RunStatus,
}
