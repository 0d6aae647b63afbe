use crate::client::{AuditEntry, Query};
use crate::commands::Done;
use crate::commands::listed::{Part, list};
use crate::context::Context;

#[derive(clap::Args, Debug)]
pub(crate) struct List {
    /// Of this principal: usr_…, key_…, service:NAME, oidc:SUBJECT or anonymous
    #[arg(long)]
    actor: Option<String>,
    /// Such as key.created
    #[arg(long)]
    action: Option<String>,
    /// At this time or later: 2026-01-02T03:04:05Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    #[command(flatten)]
    part: Part,
}

impl List {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let query = Query::default()
            .with("actor", self.actor)
            .with("action", self.action)
            .with("since", self.since);
        let path = self.part.of(query).of("/api/v1/audit");
        let head = ["SEQ", "AT", "ACTOR", "ACTION", "OBJECT", "OUTCOME", "DETAILS"];
        list(context, path, head, |entry: AuditEntry| {
            [
                entry.seq.to_string(),
                entry.at.to_string(),
                entry.actor,
                entry.action,
                entry.object.unwrap_or_else(|| "-".to_owned()),
                entry.outcome,
                entry.details.to_string(),
            ]
        })
        .await
    }
}
