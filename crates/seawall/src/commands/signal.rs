//! `seawall signal`.

use serde_json::{Value, json};

use super::{Done, message};
use crate::client::{Call, segment};
use crate::compose::Work;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::json_value;

#[derive(clap::Args, Debug)]
pub(crate) struct SendSignal {
    /// The run: run_…
    run: String,
    /// The signal's name, as the step says it
    name: String,
    /// The payload, as JSON [default: null]
    #[arg(long, value_name = "JSON", value_parser = json_value)]
    payload: Option<Value>,
    /// A signal of the same id is taken once
    #[arg(long)]
    id: Option<String>,
}

impl SendSignal {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let mut body = json!({"payload": self.payload.unwrap_or_default()});
        if let Some(id) = self.id {
            body["id"] = Value::String(id);
        }
        let path = format!("/api/v1/runs/{}/signals/{}", segment(&self.run), segment(&self.name));
        context
            .with_client(Work::Drive, async |client| -> Result<_, Failure> {
                message::send(context, client, &self.run, Call::post(path, body)).await
            })
            .await
    }
}
