use axum::Json;
use axum::extract::State;
use seawall_guard::problem::Query;

use crate::error::ApiResult;
use crate::extract::{Acting, page};
use crate::identity::needs;
use crate::state::AppState;
use crate::wire::{AuditEntry, AuditQuery, List};

/// Read the audit trail
///
/// What was done, or tried, that touches security: newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", operation_id = "list_audit",
    security(("scope" = ["audit:read"])),
    params(AuditQuery),
    responses((status = 200, description = "Part of the trail", body = List<AuditEntry>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    Acting { actor, .. }: Acting<needs::AuditRead>,
    Query(query): Query<AuditQuery>,
) -> ApiResult<Json<List<AuditEntry>>> {
    let filter = query.filter()?;
    let page = page(query.limit, query.cursor.as_deref())?;
    let found = state.accounts().audit(&actor, filter, page).await?;
    Ok(Json(List::of(found, AuditEntry::from)))
}
