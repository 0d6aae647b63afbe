use crate::client::{Call, Listed, Query, Run, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::input::Pair;
use crate::output::{Table, ago};

#[derive(clap::Args, Debug)]
pub(crate) struct List {
    /// queued, running, waiting, paused, blocked, succeeded, failed or cancelled; several times: any of them
    #[arg(long)]
    status: Vec<String>,
    /// Of this workflow, by name or id
    #[arg(long)]
    workflow: Option<String>,
    /// Created since then: 2026-01-02T03:04:05Z
    #[arg(long)]
    since: Option<String>,
    /// Created before then
    #[arg(long)]
    until: Option<String>,
    /// With this value in the input: customer.id=42; more pages may follow an empty one
    #[arg(long, value_name = "PATH=VALUE")]
    input: Vec<Pair>,
    /// How many
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: Option<u32>,
    /// Where the last page ended
    #[arg(long)]
    cursor: Option<String>,
}

impl List {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let statuses = self
            .status
            .iter()
            .fold(Query::default(), |query, status| query.with("status", Some(status)));
        let query = self.input.iter().fold(statuses, |query, pair| {
            query.with(&format!("input.{}", segment(pair.key())), Some(pair.text()))
        });
        let query = query
            .with("workflow", self.workflow.as_ref())
            .with("since", self.since.as_ref())
            .with("until", self.until.as_ref())
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
