use axum::Json;
use axum::extract::State;

use crate::extract::DefinitionBody;
use crate::state::AppState;
use crate::wire::{Validation, ValidationError};

/// Check a definition
///
/// Reports everything that is wrong with it, and keeps nothing.
#[utoipa::path(post, path = "/api/v1/workflows/validate", tag = "workflows", operation_id = "validate_workflow",
    request_body(content((Object = "application/json"), (String = "application/yaml")), description = "A definition"),
    responses((status = 200, description = "Whether it is valid", body = Validation)),
    extensions(("x-problems" = json!(["workflow-invalid"]))))]
pub(crate) async fn validate(
    State(state): State<AppState>,
    DefinitionBody(definition): DefinitionBody,
) -> Json<Validation> {
    let errors = state.engine().validate(&definition);
    Json(Validation {
        valid: errors.is_empty(),
        errors: errors.into_iter().map(ValidationError::from).collect(),
    })
}
