use crate::client::{Approval, Query};
use crate::commands::Done;
use crate::commands::listed::{Part, list};
use crate::context::Context;
use crate::output::ago;

#[derive(clap::Args, Debug)]
pub(crate) struct List {
    /// pending, approved, rejected, expired or cancelled; `all` for every one
    #[arg(long, default_value = "pending")]
    status: String,
    /// Of this run only
    #[arg(long)]
    run: Option<String>,
    #[command(flatten)]
    part: Part,
}

impl List {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let status = Some(&self.status).filter(|status| *status != "all");
        let query = Query::default().with("status", status).with("run", self.run.as_ref());
        let path = self.part.of(query).of("/api/v1/approvals");
        let head = ["ID", "RUN", "STEP", "STATUS", "ASKED", "MESSAGE"];
        let now = context.now();
        list(context, path, head, |approval: Approval| {
            [
                approval.id,
                approval.run_id,
                approval.step_id,
                approval.status,
                ago(approval.requested_at, now),
                approval.message,
            ]
        })
        .await
    }
}
