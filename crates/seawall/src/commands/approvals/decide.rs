use clap::ValueEnum;
use serde_json::{Value, json};

use crate::client::{Approval, Call, Client, Listed, Query, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::follow::{Follower, drive};

#[derive(clap::Args, Debug)]
pub(crate) struct Decide {
    /// The approval: appr_…
    id: String,
    decision: Decision,
    /// Why; the run sees it
    #[arg(long)]
    comment: Option<String>,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Decision {
    Approve,
    Reject,
}

impl Decide {
    pub(super) async fn execute(self, context: &Context) -> Done {
        context
            .with_client(Work::Drive, async |client| self.decide(context, client).await)
            .await
    }

    async fn decide(self, context: &Context, client: &Client) -> Done {
        let mut body = match self.decision {
            Decision::Approve => json!({"decision": "approve"}),
            Decision::Reject => json!({"decision": "reject"}),
        };
        if let Some(comment) = self.comment {
            body["comment"] = Value::String(comment);
        }
        // What happened before the decision is no news.
        let follower = if client.is_local() {
            follower(context, client, &self.id).await?
        } else {
            None
        };
        let answer = client
            .call(Call::post(format!("/api/v1/approvals/{}", segment(&self.id)), body))
            .await?;
        let approval: Approval = answer.view()?;
        if client.is_local() {
            let mut follower = match follower {
                Some(follower) => follower,
                None => Follower::new(context, client, &approval.run_id)?,
            };
            follower.expect_news();
            return drive(follower).await;
        }
        if context.global.json {
            context.out.json(&answer.value)?;
        } else {
            context.out.line(&format!("{} is {}", approval.id, approval.status))?;
        }
        Ok(Exit::Done)
    }
}

/// The run that asks, caught up with. None: the approval is not among the pending ones.
async fn follower<'a>(context: &'a Context, client: &'a Client, id: &str) -> Result<Option<Follower<'a>>, Failure> {
    let query = Query::default()
        .with("status", Some("pending"))
        .with("limit", Some(200));
    let pending: Listed<Approval> = client.call(Call::get(query.of("/api/v1/approvals"))).await?.view()?;
    let Some(approval) = pending.items.into_iter().find(|approval| approval.id == id) else {
        return Ok(None);
    };
    let mut follower = Follower::new(context, client, &approval.run_id)?;
    follower.catch_up().await?;
    Ok(Some(follower))
}
