use crate::client::{self, Call, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::Table;

#[derive(clap::Args, Debug)]
pub(crate) struct Why {
    /// The run: run_…
    run: String,
}

impl Why {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let call = Call::get(format!("/api/v1/runs/{}/why", segment(&self.run)));
        let answer = context
            .with_client(Work::Look, async |client| Ok(client.call(call).await?))
            .await?;
        if context.global.json {
            context.out.json(&answer.value)?;
            return Ok(Exit::Done);
        }
        let why: client::Why = answer.view()?;
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
        context.out.line(&table.text())?;
        Ok(Exit::Done)
    }
}
