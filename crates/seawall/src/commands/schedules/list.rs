use crate::client::{Call, Listed, Query, Schedule};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::Table;

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
        let call = Call::get(query.of("/api/v1/schedules"));
        let answer = context
            .with_client(Work::Look, async |client| Ok(client.call(call).await?))
            .await?;
        if context.global.json {
            context.out.json(&answer.value)?;
            return Ok(Exit::Done);
        }
        let page: Listed<Schedule> = answer.view()?;
        let mut table = Table::new(&["ID", "WORKFLOW", "WHEN", "NEXT", "LAST"]);
        for schedule in page.items {
            let (when, next, last) = (schedule.when(), schedule.next(), schedule.last());
            table.row([schedule.id, schedule.workflow, when, next, last]);
        }
        context.out.line(&table.text())?;
        context.out.more(page.next_cursor.as_deref())?;
        Ok(Exit::Done)
    }
}
