use crate::client::{FlowLine, Query, segment};
use crate::commands::Done;
use crate::commands::listed::{Part, list};
use crate::context::Context;
use crate::output::ago;

#[derive(clap::Args, Debug)]
pub(crate) struct Flow {
    /// Name or id of the workflow
    workflow: String,
    #[command(flatten)]
    part: Part,
}

const HEAD: [&str; 8] = [
    "KEY",
    "LIMIT",
    "RATE",
    "RUNNING",
    "QUEUED",
    "WAITING",
    "FIRST WAITS SINCE",
    "NEXT AT",
];

impl Flow {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let path = format!("/api/v1/workflows/{}/flow", segment(&self.workflow));
        let path = self.part.of(Query::default()).of(&path);
        let now = context.now();
        let dash = || "-".to_owned();
        list(context, path, HEAD, |line: FlowLine| {
            [
                line.key.unwrap_or_else(dash),
                line.limit.map_or_else(dash, |limit| limit.to_string()),
                line.rate.unwrap_or_else(dash),
                line.running.to_string(),
                line.queued.to_string(),
                line.waiting.to_string(),
                line.waiting_since.map_or_else(dash, |since| ago(since, now)),
                line.next_at.map_or_else(dash, |at| at.to_string()),
            ]
        })
        .await
    }
}
