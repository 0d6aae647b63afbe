use crate::client::{ApiKey, Query};
use crate::commands::Done;
use crate::commands::listed::{Part, list};
use crate::context::Context;
use crate::output::ago;

#[derive(clap::Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    part: Part,
}

impl List {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let path = self.part.of(Query::default()).of("/api/v1/api-keys");
        let head = ["ID", "NAME", "SCOPES", "MADE", "BY", "USED", "STATE"];
        let now = context.now();
        list(context, path, head, |key: ApiKey| {
            let state = match (key.revoked_at, key.expires_at) {
                (Some(_), _) => "revoked".to_owned(),
                (None, Some(end)) if end <= now => "expired".to_owned(),
                (None, Some(end)) => format!("until {end}"),
                (None, None) => "counts".to_owned(),
            };
            [
                key.id,
                key.name,
                key.scopes.join(" "),
                ago(key.created_at, now),
                key.created_by,
                key.last_used_at
                    .map_or_else(|| "never".to_owned(), |time| ago(time, now)),
                state,
            ]
        })
        .await
    }
}
