use seawall_guard::health::{CheckReport, Overall, Report, State};
use serde::Serialize;
use utoipa::ToSchema;

/// Liveness.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub(crate) struct Health {
    pub(crate) status: &'static str,
}

/// Readiness: whether new work is taken, and what that depends on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "ready", "checks": [
    {"name": "server", "status": "up", "critical": true, "latency_ms": 0, "since_ms": 86400000},
    {"name": "store", "status": "up", "critical": true, "latency_ms": 1, "since_ms": 86400000}
]}))]
pub(crate) struct Readiness {
    pub(crate) status: &'static str,
    pub(crate) checks: Vec<Check>,
}

/// One thing that readiness depends on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    /// `up`, `degraded` or `down`.
    pub(crate) status: &'static str,
    /// While it is down, the whole is unavailable.
    pub(crate) critical: bool,
    pub(crate) latency_ms: u64,
    /// How long it has been in this state.
    pub(crate) since_ms: u64,
    /// What is to be said of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

/// The service as a whole. All but `status` is for those with `metrics:read`, and absent where it is not known.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub(crate) struct ServiceHealth {
    /// `ok`, `degraded` or `unavailable`.
    pub(crate) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<&'static str>,
    /// What it was built from, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) environment: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) uptime_ms: Option<u64>,
    /// Runs in this process's memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) runs_active: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dependencies: Option<Vec<Check>>,
    /// Of the file system with the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disk: Option<DiskSpace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<MemoryUse>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DiskSpace {
    pub(crate) available_bytes: u64,
    pub(crate) total_bytes: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemoryUse {
    pub(crate) resident_bytes: u64,
    pub(crate) available_bytes: u64,
    pub(crate) total_bytes: u64,
    /// What the process's control group may use, where that is bounded.
    pub(crate) limit_bytes: Option<u64>,
}

impl Readiness {
    pub(crate) fn of(report: &Report) -> Self {
        Self {
            status: match report.overall {
                Overall::Ready => "ready",
                Overall::Degraded => "degraded",
                Overall::Unavailable => "unavailable",
            },
            checks: report.checks.iter().map(Check::of).collect(),
        }
    }
}

impl Check {
    pub(crate) fn of(check: &CheckReport) -> Self {
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            name: check.name,
            status: match check.state {
                State::Up => "up",
                State::Degraded => "degraded",
                State::Down => "down",
            },
            critical: check.critical,
            latency_ms: millis(check.latency),
            since_ms: millis(check.since),
            detail: check.detail.clone(),
        }
    }
}

impl ServiceHealth {
    pub(crate) const fn status_of(report: &Report) -> &'static str {
        match report.overall {
            Overall::Ready => "ok",
            Overall::Degraded => "degraded",
            Overall::Unavailable => "unavailable",
        }
    }
}
