use axum::Json;
use axum::extract::State;

use crate::extract::CheckedDefinition;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{Validation, ValidationError};

/// Check a definition
///
/// Reports everything that is wrong with it, and keeps nothing. A text that cannot be read is reported alone.
#[utoipa::path(post, path = "/api/v1/workflows/validate", tag = "workflows", operation_id = "validate_workflow",
    security(("scope" = ["workflows:read"])),
    request_body(content((Object = "application/json"), (String = "application/yaml")), description = "A definition"),
    responses((status = 200, description = "Whether it is valid", body = Validation)),
    extensions(("x-problems" = json!(["workflow-invalid"]))))]
pub(crate) async fn validate(
    State(state): State<AppState>,
    _: Scoped<needs::WorkflowsRead>,
    CheckedDefinition(definition): CheckedDefinition,
) -> Json<Validation> {
    let errors: Vec<ValidationError> = match definition {
        Ok(definition) => {
            let errors = state.engine().validate(&definition).into_iter();
            errors.map(ValidationError::from).collect()
        }
        Err(unreadable) => unreadable.into_iter().map(ValidationError::from).collect(),
    };
    Json(Validation {
        valid: errors.is_empty(),
        errors,
    })
}
