use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Query;

use crate::error::ApiResult;
use crate::extract::Acting;
use crate::identity::accounts::RECORDS_AT_ONCE;
use crate::identity::needs;
use crate::state::AppState;
use crate::wire::{AuditVerification, VerifyQuery};

/// Verify the audit trail
///
/// Holds the records against their seals, in their order, and says what is wrong first: a record that was changed, is missing or
/// stands where it does not belong, or an end that was cut off. A long trail is looked at part by part.
#[utoipa::path(get, path = "/api/v1/audit/verify", tag = "audit", operation_id = "verify_audit",
    security(("scope" = ["audit:read"])),
    params(VerifyQuery),
    responses((status = 200, description = "What was found", body = AuditVerification)))]
pub(crate) async fn verify(
    State(state): State<AppState>,
    Acting { actor, .. }: Acting<needs::AuditRead>,
    Query(query): Query<VerifyQuery>,
) -> ApiResult<Json<AuditVerification>> {
    let from = query.begin()?;
    let found = state.accounts().verify_audit(&actor, from, RECORDS_AT_ONCE).await?;
    Ok(Json(AuditVerification::from(found)))
}
