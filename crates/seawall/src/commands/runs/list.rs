use crate::client::{Query, Run, segment};
use crate::commands::Done;
use crate::commands::listed::{Part, list};
use crate::context::Context;
use crate::input::Pair;
use crate::output::ago;

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
    #[command(flatten)]
    part: Part,
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
            .with("until", self.until.as_ref());
        let path = self.part.of(query).of("/api/v1/runs");
        let head = ["ID", "WORKFLOW", "STATUS", "STEPS", "CREATED"];
        let now = context.now();
        list(context, path, head, |run: Run| {
            [
                run.id,
                format!("{} v{}", run.workflow.name, run.workflow.version),
                run.status.as_str().to_owned(),
                format!("{}/{}", run.completed_steps, run.total_steps),
                ago(run.created_at, now),
            ]
        })
        .await
    }
}
