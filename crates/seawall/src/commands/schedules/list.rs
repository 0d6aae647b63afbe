use crate::client::{Query, Schedule};
use crate::commands::Done;
use crate::commands::listed::{Part, list};
use crate::context::Context;

#[derive(clap::Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    part: Part,
}

impl List {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let path = self.part.of(Query::default()).of("/api/v1/schedules");
        let head = ["ID", "WORKFLOW", "WHEN", "NEXT", "LAST"];
        list(context, path, head, |schedule: Schedule| {
            let (when, next, last) = (schedule.when(), schedule.next(), schedule.last());
            [schedule.id, schedule.workflow, when, next, last]
        })
        .await
    }
}
