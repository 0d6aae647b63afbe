//! Problem documents, for the API's description. They are written by `seawall_guard::problem`.

use serde::Serialize;
use utoipa::ToSchema;

/// A rejection (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument {
    /// `/problems/CODE`: a page about it.
    #[schema(example = "/problems/not-found")]
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    /// The request's path.
    instance: Option<String>,
    /// Stable; branch on this.
    #[schema(example = "not-found")]
    code: String,
    request_id: Option<String>,
    /// What is wrong with the request, where that is the reason.
    #[schema(nullable = false)]
    errors: Option<Vec<ProblemError>>,
}

/// One thing that is wrong, and where.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemError {
    /// JSON Pointer into the body; of a parameter, `/` and its name.
    #[schema(example = "/steps/0/kind")]
    pointer: String,
    #[schema(nullable = false)]
    field: Option<String>,
    message: String,
    code: String,
}
