//! Complete and fail.

use serde_json::{Value, json};

use super::{Claimed, path};
use crate::client::{Call, Task};
use crate::commands::{Done, message};
use crate::compose::Work;
use crate::context::Context;
use crate::input::json_value;

#[derive(clap::Args, Debug)]
pub(crate) struct Complete {
    #[command(flatten)]
    claimed: Claimed,
    /// The step's output, as JSON [default: null]
    #[arg(long, value_name = "JSON", value_parser = json_value)]
    output: Option<Value>,
}

impl Complete {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let body = json!({"lease": self.claimed.lease, "output": self.output.unwrap_or_default()});
        end(context, &self.claimed.task, "complete", body).await
    }
}

#[derive(clap::Args, Debug)]
pub(crate) struct Fail {
    #[command(flatten)]
    claimed: Claimed,
    /// Why
    #[arg(long)]
    message: String,
    /// What the step's `retry.on` may name [default: task-failed]
    #[arg(long)]
    code: Option<String>,
    /// The least time before another attempt: 5s
    #[arg(long, value_name = "DURATION")]
    retry_after: Option<String>,
    /// The same again would make no sense
    #[arg(long, conflicts_with = "retry_after")]
    no_retry: bool,
}

impl Fail {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let mut body = json!({"lease": self.claimed.lease, "message": self.message, "retryable": !self.no_retry});
        if let Some(code) = self.code {
            body["code"] = Value::String(code);
        }
        if let Some(wait) = self.retry_after {
            body["retry_after"] = Value::String(wait);
        }
        end(context, &self.claimed.task, "fail", body).await
    }
}

async fn end(context: &Context, task: &str, verb: &str, body: Value) -> Done {
    let path = path(task);
    context
        .with_client(Work::Drive, async |client| {
            let task: Task = client.call(Call::get(&path)).await?.view()?;
            message::send(
                context,
                client,
                &task.run_id,
                Call::post(format!("{path}/{verb}"), body),
            )
            .await
        })
        .await
}
