use clap::ValueEnum;
use serde_json::{Value, json};

use crate::client::{Call, segment};
use crate::commands::{Done, message};
use crate::compose::Work;
use crate::context::Context;
use crate::input::json_value;

#[derive(clap::Args, Debug)]
pub(crate) struct Resolve {
    /// The run: run_…
    run: String,
    /// The step, one item of a map step, or what undoes them: counts, counts[3], counts.compensate
    step: String,
    outcome: Outcome,
    /// With `succeeded`: the step's output, as JSON [default: null]
    #[arg(long, value_name = "JSON", value_parser = json_value)]
    output: Option<Value>,
    /// With `failed`: the error's message
    #[arg(long)]
    message: Option<String>,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Outcome {
    /// It happened
    Succeeded,
    /// It did not happen, and shall not
    Failed,
    /// It did not happen, or may happen twice: run it again
    Retry,
}

impl Resolve {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let outcome = match self.outcome {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Retry => "retry",
        };
        let mut body = json!({"outcome": outcome});
        if let Some(output) = self.output {
            body["output"] = output;
        }
        if let Some(message) = self.message {
            body["message"] = Value::String(message);
        }
        let path = format!(
            "/api/v1/runs/{}/steps/{}/resolve",
            segment(&self.run),
            segment(&self.step)
        );
        context
            .with_client(Work::Drive, async |client| {
                message::send(context, client, &self.run, Call::post(path, body)).await
            })
            .await
    }
}
