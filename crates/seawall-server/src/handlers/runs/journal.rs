use axum::Json;
use axum::extract::State;
use seawall_guard::problem::{Path, Pointer, Query};
use seawall_store::{RunId, Seq};

use crate::error::{ApiError, ApiResult};
use crate::extract::{Id, page};
use crate::identity::{Scoped, needs};
use crate::state::AppState;
use crate::wire::{JournalEntry, List, ListQuery};

/// Read a run's journal
///
/// In the order of its events, from the first one. A page also ends where it would become larger than about 4 MiB, but not
/// before its first event.
#[utoipa::path(get, path = "/api/v1/runs/{run_id}/journal", tag = "runs", operation_id = "get_journal",
    security(("scope" = ["runs:read"])),
    params(("run_id" = String, Path, description = "`run_…`"), ListQuery),
    responses((status = 200, description = "Part of the journal", body = List<JournalEntry>)))]
pub(crate) async fn journal(
    State(state): State<AppState>,
    by: Scoped<needs::RunsRead>,
    Path(Id(run)): Path<Id<RunId>>,
    Query(query): Query<ListQuery>,
) -> ApiResult<Json<List<JournalEntry>>> {
    let limit = page(query.limit, None)?.limit as usize;
    let after = match query.cursor.as_deref() {
        None => Seq(0),
        Some(text) => Seq(text.parse().map_err(|_| {
            let pointer = Pointer::root().key("cursor");
            ApiError::invalid(
                &pointer,
                "invalid-value",
                "expected the next_cursor of an earlier answer",
            )
        })?),
    };
    let part = state.engine().journal(by.engine(), run, after, limit).await?;
    let last = part.items.last().filter(|_| part.more);
    Ok(Json(List {
        next_cursor: last.map(|item| item.seq.to_string()),
        items: part.items.into_iter().map(JournalEntry::from).collect(),
    }))
}
