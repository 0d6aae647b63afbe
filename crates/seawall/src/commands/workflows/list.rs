use crate::client::{Query, Workflow};
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
        let path = self.part.of(Query::default()).of("/api/v1/workflows");
        let head = ["ID", "NAME", "VERSION", "CHANGED", "DESCRIPTION"];
        let now = context.now();
        list(context, path, head, |workflow: Workflow| {
            [
                workflow.id,
                workflow.name,
                workflow.version.to_string(),
                ago(workflow.updated_at, now),
                workflow.description.unwrap_or_default(),
            ]
        })
        .await
    }
}
