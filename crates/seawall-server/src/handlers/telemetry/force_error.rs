use axum::extract::State;
use seawall_guard::problem::{Problem, kinds};

use crate::identity::{Scoped, needs};
use crate::state::AppState;

/// An error on purpose
///
/// Shows what a failure looks like to clients, in the log, in metrics and in alarms. Only with `ENABLE_TEST_ENDPOINTS=true`.
#[utoipa::path(get, path = "/api/v1/test/force-error", tag = "telemetry", operation_id = "force_error",
    responses(),
    security(("scope" = ["metrics:read"])), extensions(("x-problems" = json!(["not-found"]))))]
pub(crate) async fn force_error(
    State(state): State<AppState>,
    caller: Result<Scoped<needs::MetricsRead>, Problem>,
) -> Result<(), Problem> {
    if !state.config().test_endpoints {
        return Err(Problem::new(&kinds::NOT_FOUND));
    }
    caller?;
    tracing::error!("an error was asked for");
    Err(Problem::new(&kinds::INTERNAL_ERROR))
}
