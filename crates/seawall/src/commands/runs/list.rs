use crate::client::{Call, Listed, Query, Run};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Table, ago};

#[derive(clap::Args, Debug)]
pub(crate) struct List {
    /// queued, running, waiting, paused, blocked, succeeded, failed or cancelled
    #[arg(long)]
    status: Option<String>,
    /// Of this workflow, by name or id
    #[arg(long)]
    workflow: Option<String>,
    /// Created since then: 2026-01-02T03:04:05Z
    #[arg(long)]
    since: Option<String>,
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
            .with("status", self.status.as_ref())
            .with("workflow", self.workflow.as_ref())
            .with("since", self.since.as_ref())
            .with("limit", self.limit)
            .with("cursor", self.cursor.as_ref());
        let call = Call::get(query.of("/api/v1/runs"));
        let answer = context
            .with_client(Work::Look, async |client| Ok(client.call(call).await?))
            .await?;
        if context.global.json {
            context.out.json(&answer.value)?;
            return Ok(Exit::Done);
        }
        let page: Listed<Run> = answer.view()?;
        let mut table = Table::new(&["ID", "WORKFLOW", "STATUS", "STEPS", "CREATED"]);
        let now = context.now();
        for run in page.items {
            table.row([
                run.id,
                format!("{} v{}", run.workflow.name, run.workflow.version),
                run.status.as_str().to_owned(),
                format!("{}/{}", run.completed_steps, run.total_steps),
                ago(run.created_at, now),
            ]);
        }
        context.out.line(&table.text())?;
        context.out.more(page.next_cursor.as_deref())?;
        Ok(Exit::Done)
    }
}
