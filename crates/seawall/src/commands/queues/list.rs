use super::table;
use crate::client::{Call, Listed, Query, Queue};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;

#[derive(clap::Args, Debug)]
pub(crate) struct List {
    /// How many
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: Option<u32>,
    /// Where the last page ended
    #[arg(long)]
    cursor: Option<String>,
}

impl List {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let query = Query::default()
            .with("limit", self.limit)
            .with("cursor", self.cursor.as_ref());
        let call = Call::get(query.of("/api/v1/queues"));
        let answer = context
            .with_client(Work::Look, async |client| Ok(client.call(call).await?))
            .await?;
        if context.global.json {
            context.out.json(&answer.value)?;
            return Ok(Exit::Done);
        }
        let page: Listed<Queue> = answer.view()?;
        context.out.line(&table(page.items))?;
        context.out.more(page.next_cursor.as_deref())?;
        Ok(Exit::Done)
    }
}
