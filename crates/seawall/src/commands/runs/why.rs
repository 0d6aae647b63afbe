use crate::client::{self, Call, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::output::Table;

#[derive(clap::Args, Debug)]
pub(crate) struct Why {
    /// The run: run_…
    run: String,
}

impl Why {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let call = Call::get(format!("/api/v1/runs/{}/why", segment(&self.run)));
        let answer = context.ask(Work::Look, call).await?;
        context.print(&answer, |why: client::Why| {
            let mut table = Table::new(&["KIND", "STEP", "UNTIL", "DETAIL"]);
            for reason in why.reasons {
                let activity = reason.activity();
                table.row([
                    reason.kind,
                    activity,
                    reason.until.map_or_else(String::new, |until| until.to_string()),
                    reason.detail,
                ]);
            }
            table.text()
        })
    }
}
