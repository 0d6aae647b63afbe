use axum::Json;
use axum::extract::State;
use seawall_guard::problem::{Pointer, Query};
use seawall_store::{ApprovalFilter, ApprovalStatus, RunId};

use crate::error::{ApiError, ApiResult};
use crate::extract::page;
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{Approval, ApprovalsQuery, List};

/// List approvals
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/approvals", tag = "approvals", operation_id = "list_approvals",
    security(("scope" = ["runs:read"])),
    params(ApprovalsQuery),
    responses((status = 200, description = "Part of the list", body = List<Approval>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Query(query): Query<ApprovalsQuery>,
) -> ApiResult<Json<List<Approval>>> {
    let page = page(query.limit, query.cursor.as_deref())?;
    let found = state
        .engine()
        .list_approvals(by.engine(), filter(&query)?, page)
        .await?;
    Ok(Json(List::of(found, Approval::from)))
}

fn filter(query: &ApprovalsQuery) -> ApiResult<ApprovalFilter> {
    let invalid = |name: &str, message: &str| ApiError::invalid(&Pointer::root().key(name), "invalid-value", message);
    let status = match query.status.as_deref() {
        None => None,
        Some(text) => {
            Some(ApprovalStatus::parse(text).ok_or_else(|| invalid("status", "expected the status of an approval"))?)
        }
    };
    let run = match query.run.as_deref() {
        None => None,
        Some(text) => Some(
            text.parse::<RunId>()
                .map_err(|_| invalid("run", "expected the id of a run"))?,
        ),
    };
    Ok(ApprovalFilter { status, run })
}
