//! What stands in query strings. A name that is not known is refused: a filter that is passed over would give other things
//! than were meant.

use serde::Deserialize;
use utoipa::IntoParams;

use super::hidden::Hidden;

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// How many items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// Which runs: for the API's description. What is read is every pair of the query (`extract/search.rs`).
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes; a query has names that no struct has")]
pub(crate) struct RunsQuery {
    /// queued, running, waiting, paused, blocked, succeeded, failed or cancelled; several times: any of them.
    status: Option<Vec<String>>,
    /// Id or name of their workflow.
    workflow: Option<String>,
    /// Created at or after (RFC 3339).
    since: Option<String>,
    /// Created before (RFC 3339).
    until: Option<String>,
    /// A value of the run's input, by its path: `input.customer.id=42` means the number and the text. At most 5. A page may
    /// then be short or empty although `next_cursor` goes on.
    #[param(rename = "input.<path>", example = "42")]
    input: Option<String>,
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which approvals.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApprovalsQuery {
    /// pending, approved, rejected, expired or cancelled.
    pub(crate) status: Option<String>,
    /// Of this run.
    pub(crate) run: Option<String>,
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

/// From where on events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Only events after this one. `Last-Event-ID` wins.
    pub(crate) after: Option<u64>,
    /// Of `POST /api/v1/runs/{run_id}/events/ticket`, for clients that send no headers.
    #[param(value_type = Option<String>)]
    pub(crate) ticket: Option<Hidden>,
}
