use serde_json::{Value, json};

use super::{Claimed, path};
use crate::client::{Beat, Call};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::input::json_value;

#[derive(clap::Args, Debug)]
pub(crate) struct Heartbeat {
    #[command(flatten)]
    claimed: Claimed,
    /// How far it is, as JSON; shown with the step
    #[arg(long, value_name = "JSON", value_parser = json_value)]
    progress: Option<Value>,
}

impl Heartbeat {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let mut body = json!({"lease": self.claimed.lease});
        if let Some(progress) = self.progress {
            body["progress"] = progress;
        }
        let call = Call::post(format!("{}/heartbeat", path(&self.claimed.task)), body);
        let answer = context.ask(Work::Look, call).await?;
        context.print(&answer, |beat: Beat| {
            if beat.cancelled {
                format!(
                    "nobody needs it any more: say how it ended until {}",
                    beat.lease_expires_at
                )
            } else {
                format!("yours until {}", beat.lease_expires_at)
            }
        })
    }
}
