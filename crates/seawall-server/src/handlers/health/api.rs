use std::path::PathBuf;

use axum::Json;
use axum::extract::State;
use seawall_guard::health::Report;
#[cfg(target_os = "linux")]
use seawall_guard::health::{Disk, Memory};
use seawall_guard::problem::Problem;

use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::telemetry::commit;
use crate::wire::{Check, DiskSpace, MemoryUse, ServiceHealth};

/// State of the service
///
/// `ok`, `degraded`, or `unavailable` while no new work is taken. With `metrics:read` also what it depends on, and what it uses.
#[utoipa::path(get, path = "/api/v1/health", tag = "health", operation_id = "api_health",
    responses((status = 200, description = "The state", body = ServiceHealth)))]
pub(crate) async fn api_health(
    State(state): State<AppState>,
    caller: Result<Scoped<needs::MetricsRead>, Problem>,
) -> Json<ServiceHealth> {
    let report = state.readiness().report().await;
    let known = match caller {
        Ok(_) => details(&state, &report).await,
        Err(_) => ServiceHealth::default(),
    };
    let status = ServiceHealth::status_of(&report);
    Json(ServiceHealth { status, ..known })
}

async fn details(state: &AppState, report: &Report) -> ServiceHealth {
    let (disk, memory) = machine(state.config().data_dir.clone()).await;
    ServiceHealth {
        version: Some(env!("CARGO_PKG_VERSION")),
        commit: commit(),
        environment: Some(state.config().environment.as_str()),
        uptime_ms: Some(u64::try_from(state.uptime().as_millis()).unwrap_or(u64::MAX)),
        runs_active: Some(state.engine().active_runs()),
        dependencies: Some(report.checks.iter().map(Check::of).collect()),
        disk,
        memory,
        ..ServiceHealth::default()
    }
}

/// A file system on the network may keep whoever asks waiting.
#[cfg(target_os = "linux")]
async fn machine(data_dir: PathBuf) -> (Option<DiskSpace>, Option<MemoryUse>) {
    let read = tokio::task::spawn_blocking(move || {
        let disk = Disk::read(&data_dir).ok().map(|disk| DiskSpace {
            available_bytes: disk.available,
            total_bytes: disk.total,
        });
        let memory = Memory::read().ok().map(|memory| MemoryUse {
            resident_bytes: memory.resident,
            available_bytes: memory.available,
            total_bytes: memory.total,
            limit_bytes: memory.limit,
        });
        (disk, memory)
    });
    read.await.unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
async fn machine(_: PathBuf) -> (Option<DiskSpace>, Option<MemoryUse>) {
    (None, None)
}
