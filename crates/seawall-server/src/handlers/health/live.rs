use axum::Json;

use crate::wire::Health;

/// Liveness
///
/// The process answers. Nothing else is touched.
#[utoipa::path(get, path = "/health", tag = "health", operation_id = "health",
    responses((status = 200, description = "Alive", body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}
