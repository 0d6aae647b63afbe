//! Fork: a new run that does another one again from a step on.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::client::{Call, Client, ClientError, Run, Workflow, segment};
use crate::commands::Done;
use crate::commands::beginning::Beginning;
use crate::compose::Work;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::{Document, InputArgs, RunInput};

#[derive(clap::Args, Debug)]
pub(crate) struct Fork {
    /// The run to be done again: run_…
    run: String,
    /// The first step that is done again; whatever needs it is, too
    #[arg(long, value_name = "STEP")]
    from: String,
    #[command(flatten)]
    input: InputArgs,
    /// Another definition (.yaml or .json) for the new run
    #[arg(long, value_name = "FILE")]
    definition: Option<PathBuf>,
    #[command(flatten)]
    beginning: Beginning,
}

impl Fork {
    pub(super) async fn execute(self, context: &Context) -> Done {
        // A file that cannot be read must not open a store first.
        let definition = match &self.definition {
            Some(path) => Some(Document::read_definition(path, context.paint)?),
            None => None,
        };
        context
            .with_client(Work::Drive, async |client| {
                self.beginning.check(client)?;
                self.begin(context, client, definition).await
            })
            .await
    }

    async fn begin(&self, context: &Context, client: &Client, definition: Option<Document>) -> Done {
        let input = self.new_input(context, client, definition.as_ref()).await?;
        let mut body = json!({"from_step": self.from});
        if let Some(input) = &input {
            body["input"] = input.value.clone();
        }
        if let Some(document) = &definition {
            body["definition"] = document.value.clone();
        }
        let call = Call::post(format!("/api/v1/runs/{}/fork", segment(&self.run)), body);
        let begun = client
            .call(self.beginning.keyed(call))
            .await
            .map_err(|error| explain(error, definition.as_ref(), input.as_ref(), context))?;
        self.beginning.follow(context, client, &begun).await
    }

    /// The other run's input with the given values over it; None: as it is.
    async fn new_input(
        &self,
        context: &Context,
        client: &Client,
        definition: Option<&Document>,
    ) -> Result<Option<RunInput>, Failure> {
        if self.input.is_empty() {
            return Ok(None);
        }
        let path = format!("/api/v1/runs/{}", segment(&self.run));
        let source: Run = client.call(Call::get(path)).await?.view()?;
        let registered;
        let schema = match definition {
            Some(document) => document.value.get("input"),
            None => {
                registered = schema_of(client, &source.workflow.name).await;
                registered.as_ref()
            }
        };
        RunInput::assemble_over(source.input, &self.input, schema, context.paint).map(Some)
    }
}

/// The input schema of a registered workflow. Values are typed by what they look like where there is none.
async fn schema_of(client: &Client, name: &str) -> Option<Value> {
    let path = format!("/api/v1/workflows/{}", segment(name));
    let workflow: Workflow = client.call(Call::get(path)).await.ok()?.view().ok()?;
    workflow.definition.get("input").cloned()
}

/// A refusal, shown where its cause stands.
fn explain(error: ClientError, definition: Option<&Document>, input: Option<&RunInput>, context: &Context) -> Failure {
    let ClientError::Problem(problem) = &error else {
        return error.into();
    };
    let of_definition = definition.and_then(|document| document.refusal(problem, "/definition", context.paint));
    let shown = of_definition.or_else(|| input?.refusal(problem, context.paint));
    shown.unwrap_or_else(|| error.into())
}
