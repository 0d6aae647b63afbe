use axum::Json;
use axum::extract::State;
use http::StatusCode;
use seawall_guard::problem::{self, Path, Problem};
use seawall_store::{ApprovalId, ApprovalRecord, ApprovalStatus};

use crate::error::ApiResult;
use crate::extract::Id;
use crate::identity::{Principal, Scoped, needs};
use crate::problems;
use crate::state::AppState;
use crate::wire::{Approval, Decide, Verdict};

/// Decide an approval
///
/// 200 once the run has taken the decision; 202 if the decision is durable and will be taken. The same decision once more is
/// answered like the first one, which counts; the other one is a conflict that says what was decided.
#[utoipa::path(post, path = "/api/v1/approvals/{approval_id}", tag = "approvals", operation_id = "decide_approval",
    security(("scope" = ["approvals:decide"])),
    params(("approval_id" = String, Path, description = "`appr_…`")),
    request_body = Decide,
    responses(
        (status = 200, description = "Settled", body = Approval),
        (status = 202, description = "Durable, not yet taken by the run", body = Approval),
    ),
    extensions(("x-problems" = json!(["conflict", "not-a-decider"]))))]
pub(crate) async fn decide(
    State(state): State<AppState>,
    by: Scoped<needs::ApprovalsDecide>,
    Path(Id(id)): Path<Id<ApprovalId>>,
    problem::Json(body): problem::Json<Decide>,
) -> ApiResult<(StatusCode, Json<Approval>)> {
    let asked = state.engine().approval(by.engine(), id).await?;
    if !is_asked(by.principal(), &asked) {
        return Err(Problem::new(&problems::NOT_A_DECIDER).into());
    }
    let approve = body.decision == Verdict::Approve;
    let record = state.engine().decide(by.engine(), id, approve, body.comment).await?;
    let status = match record.status {
        ApprovalStatus::Pending => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    };
    Ok((status, Json(record.into())))
}

/// Whether it is for this principal to decide. Nothing stands between the store and who opens its file.
fn is_asked(by: &Principal, asked: &ApprovalRecord) -> bool {
    asked.deciders.is_empty() || by.is_local() || asked.deciders.iter().any(|name| **name == *by.subject)
}
