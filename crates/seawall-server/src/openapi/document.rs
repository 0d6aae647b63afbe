use bytes::Bytes;
use utoipa::OpenApi;

use crate::wire::{ProblemDocument, ProblemError};

#[derive(OpenApi)]
#[openapi(
    info(title = "Seawall", description = "A durable backend for agents and workflows."),
    components(schemas(ProblemDocument, ProblemError)),
    tags(
        (name = "workflows", description = "Definitions and their versions"),
        (name = "runs", description = "Executions: beginning, watching, steering them"),
        (name = "schedules", description = "Workflows by the clock"),
        (name = "approvals", description = "Decisions that runs ask people for"),
        (name = "tasks", description = "Work for workers outside: taking it, and saying how it goes"),
        (name = "queues", description = "Where workers outside take tasks from, and their limits"),
        (name = "auth", description = "Logins and tokens"),
        (name = "users", description = "People who log in with a password"),
        (name = "api-keys", description = "Keys for programs"),
        (name = "audit", description = "What was done that touches security"),
        (name = "health", description = "Liveness and readiness"),
        (name = "telemetry", description = "Metrics and statistics of the service"),
        (name = "documentation", description = "This description, its page, the problems"),
    )
)]
pub(crate) struct ApiDoc;

/// The finished description, written once.
#[derive(Clone, Debug)]
pub(crate) struct OpenApiText(pub(crate) Bytes);

impl OpenApiText {
    pub(crate) fn of(description: &utoipa::openapi::OpenApi) -> Self {
        // A tree of strings, numbers and string-keyed maps: it cannot fail to serialize.
        Self(serde_json::to_vec(description).unwrap_or_default().into())
    }
}
