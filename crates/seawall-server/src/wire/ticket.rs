use secrecy::ExposeSecret as _;
use serde::Serialize;
use utoipa::ToSchema;

use super::Time;
use crate::identity::accounts::MadeTicket;

/// A ticket for one run's events, for `?ticket=` of `GET /api/v1/runs/{run_id}/events`. It stands in this one answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventsTicket {
    #[schema(example = "swt_…")]
    ticket: String,
    run_id: String,
    #[schema(value_type = String)]
    expires_at: Time,
}

impl From<MadeTicket> for EventsTicket {
    fn from(made: MadeTicket) -> Self {
        Self {
            ticket: made.ticket.reveal().expose_secret().to_owned(),
            run_id: made.record.run.to_string(),
            expires_at: Time(made.record.expires_at),
        }
    }
}
