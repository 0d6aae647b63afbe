use crate::client::{Call, FlowLine, Listed, Query, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Table, ago};

#[derive(clap::Args, Debug)]
pub(crate) struct Flow {
    /// Name or id of the workflow
    workflow: String,
    /// How many keys
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: Option<u32>,
    /// Where the last page ended
    #[arg(long)]
    cursor: Option<String>,
}

impl Flow {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let query = Query::default()
            .with("limit", self.limit)
            .with("cursor", self.cursor.as_ref());
        let path = format!("/api/v1/workflows/{}/flow", segment(&self.workflow));
        let call = Call::get(query.of(&path));
        let answer = context
            .with_client(Work::Look, async |client| Ok(client.call(call).await?))
            .await?;
        if context.global.json {
            context.out.json(&answer.value)?;
            return Ok(Exit::Done);
        }
        let page: Listed<FlowLine> = answer.view()?;
        let mut table = Table::new(&[
            "KEY",
            "LIMIT",
            "RATE",
            "RUNNING",
            "QUEUED",
            "WAITING",
            "FIRST WAITS SINCE",
            "NEXT AT",
        ]);
        let now = context.now();
        let dash = || "-".to_owned();
        for line in page.items {
            table.row([
                line.key.unwrap_or_else(dash),
                line.limit.map_or_else(dash, |limit| limit.to_string()),
                line.rate.unwrap_or_else(dash),
                line.running.to_string(),
                line.queued.to_string(),
                line.waiting.to_string(),
                line.waiting_since.map_or_else(dash, |since| ago(since, now)),
                line.next_at.map_or_else(dash, |at| at.to_string()),
            ]);
        }
        context.out.line(&table.text())?;
        context.out.more(page.next_cursor.as_deref())?;
        Ok(Exit::Done)
    }
}
