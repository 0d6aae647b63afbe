use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header;

use crate::identity::{Scoped, needs};
use crate::state::AppState;

/// JSON Schema of definitions
#[utoipa::path(get, path = "/api/v1/schemas/workflow", tag = "workflows", operation_id = "workflow_schema",
    security(("scope" = ["workflows:read"])),
    responses((status = 200, description = "JSON Schema 2020-12", body = Object,
        content_type = "application/schema+json")))]
pub(crate) async fn workflow_schema(State(state): State<AppState>, _: Scoped<needs::WorkflowsRead>) -> Response {
    let schema = state.engine().definition_schema().to_string();
    ([(header::CONTENT_TYPE, "application/schema+json")], schema).into_response()
}
