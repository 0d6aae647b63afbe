use serde::Serialize;
use utoipa::ToSchema;

/// Liveness.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub(crate) struct Health {
    pub(crate) status: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReadyStatus {
    Ready,
    Unavailable,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CheckStatus {
    Up,
    Down,
}

/// Readiness: whether new work is taken, and what that depends on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ready", "checks": [
    {"name": "server", "status": "up", "critical": true, "latency_ms": 0},
    {"name": "store", "status": "up", "critical": true, "latency_ms": 1}
]}))]
pub(crate) struct Readiness {
    pub(crate) status: ReadyStatus,
    pub(crate) checks: Vec<Check>,
}

/// One thing that readiness depends on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) status: CheckStatus,
    /// While it is down, the whole is unavailable.
    pub(crate) critical: bool,
    pub(crate) latency_ms: u64,
    /// Why it is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<&'static str>,
}
