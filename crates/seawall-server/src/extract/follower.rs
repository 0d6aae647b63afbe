use axum::extract::FromRequestParts;
use http::request::Parts;
use seawall_guard::problem::{Path, Query};
use seawall_store::RunId;

use super::Id;
use crate::error::ApiError;
use crate::identity::{Principal, Scope, principal_of};
use crate::state::AppState;
use crate::wire::EventsQuery;

/// Who follows a run's events: whoever holds a ticket for this run, or a principal that may read runs. A ticket that is
/// presented must count, whatever else is.
pub(crate) struct Follower(pub(crate) Principal);

impl FromRequestParts<AppState> for Follower {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let Query(query) = Query::<EventsQuery>::from_request_parts(parts, state).await?;
        if let Some(ticket) = query.ticket {
            let Path(Id(run)) = Path::<Id<RunId>>::from_request_parts(parts, state).await?;
            return Ok(Self(state.accounts().redeem_ticket(run, ticket.expose()).await?));
        }
        let principal = principal_of(&parts.extensions)?;
        principal.require(Scope::RunsRead)?;
        Ok(Self(principal.clone()))
    }
}
