use serde::Deserialize as _;
use serde_json::Value;

use crate::client::{Call, Client, JournalEvent, Listed, Query, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::plain;

#[derive(clap::Args, Debug)]
pub(crate) struct Events {
    /// The run: run_…
    run: String,
    /// Only events after this one
    #[arg(long, default_value_t = 0)]
    after: u64,
}

impl Events {
    pub(super) async fn execute(self, context: &Context) -> Done {
        context
            .with_client(Work::Look, async |client| self.print(context, client).await)
            .await
    }

    async fn print(&self, context: &Context, client: &Client) -> Done {
        let path = format!("/api/v1/runs/{}/journal", segment(&self.run));
        let mut after = self.after;
        loop {
            let query = Query::default().with("cursor", Some(after)).with("limit", Some(200));
            let page: Listed<Value> = client.call(Call::get(query.of(&path))).await?.view()?;
            let before = after;
            for value in page.items {
                let event = JournalEvent::deserialize(&value).map_err(|error| Failure::Other(error.into()))?;
                after = after.max(event.seq);
                if context.global.json {
                    context.out.json(&value)?;
                } else {
                    context.out.line(&line(&event))?;
                }
            }
            if after == before {
                return Ok(Exit::Done);
            }
        }
    }
}

fn line(event: &JournalEvent) -> String {
    let data = plain(&event.data.to_string());
    format!("{:>5}  {}  {:<22}  {data}", event.seq, event.at, event.kind)
}
