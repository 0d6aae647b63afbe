use crate::client::{Approval, Call, Listed, Query};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::{Table, ago};

#[derive(clap::Args, Debug)]
pub(crate) struct List {
    /// pending, approved, rejected, expired or cancelled; `all` for every one
    #[arg(long, default_value = "pending")]
    status: String,
    /// Of this run only
    #[arg(long)]
    run: Option<String>,
    /// How many
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=200))]
    limit: Option<u32>,
    /// Where the last page ended
    #[arg(long)]
    cursor: Option<String>,
}

impl List {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let status = Some(&self.status).filter(|status| *status != "all");
        let query = Query::default()
            .with("status", status)
            .with("run", self.run.as_ref())
            .with("limit", self.limit)
            .with("cursor", self.cursor.as_ref());
        let call = Call::get(query.of("/api/v1/approvals"));
        let answer = context
            .with_client(Work::Look, async |client| Ok(client.call(call).await?))
            .await?;
        if context.global.json {
            context.out.json(&answer.value)?;
            return Ok(Exit::Done);
        }
        let page: Listed<Approval> = answer.view()?;
        let mut table = Table::new(&["ID", "RUN", "STEP", "STATUS", "ASKED", "MESSAGE"]);
        let now = context.now();
        for approval in page.items {
            table.row([
                approval.id,
                approval.run_id,
                approval.step_id,
                approval.status,
                ago(approval.requested_at, now),
                approval.message,
            ]);
        }
        context.out.line(&table.text())?;
        context.out.more(page.next_cursor.as_deref())?;
        Ok(Exit::Done)
    }
}
