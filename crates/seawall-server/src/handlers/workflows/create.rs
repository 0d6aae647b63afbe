use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::HeaderValue;

use super::answer::answer;
use crate::error::ApiResult;
use crate::extract::{KeyedDefinition, REPLAYED};
use crate::identity::{Scoped, needs};
use crate::once::{Keeping, once};
use crate::state::AppState;
use crate::wire::Workflow;

/// Register a workflow
///
/// Version 1 of a definition, under its name.
#[utoipa::path(post, path = "/api/v1/workflows", tag = "workflows", operation_id = "create_workflow",
    security(("scope" = ["workflows:write"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body replay the first answer")),
    request_body(content((Object = "application/json"), (String = "application/yaml")),
        description = "A definition; see /api/v1/schemas/workflow"),
    responses((status = 201, description = "Registered", body = Workflow,
        headers(("Location" = String), ("ETag" = String)))),
    extensions(("x-problems" = json!(["workflow-invalid", "conflict", "idempotency-key-reused", "idempotency-key-in-use"]))))]
pub(crate) async fn create(
    State(state): State<AppState>,
    by: Scoped<needs::WorkflowsWrite>,
    KeyedDefinition { definition, key }: KeyedDefinition,
) -> ApiResult<Response> {
    let Some(key) = key else {
        let record = state.engine().create_workflow(by.engine(), &definition).await?;
        return answer(StatusCode::CREATED, record);
    };
    // The engine finds what a request made whose answer was lost; answers are kept by `once`.
    let (its, tenant) = (state.clone(), by.principal().tenant.clone());
    let create = async move {
        let created = its.engine().create_workflow_once(by.engine(), &definition, &key);
        let created = created.await?;
        let mut response = answer(StatusCode::CREATED, created.record)?;
        if created.replayed {
            response
                .headers_mut()
                .insert(REPLAYED, HeaderValue::from_static("true"));
        }
        Ok(response)
    };
    once(&state, &tenant, Some(&key), Keeping::Answer, create).await
}
