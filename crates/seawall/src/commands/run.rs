//! `seawall run`: a definition or a registered workflow, followed to its end.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Done;
use super::beginning::Beginning;
use crate::client::{Call, Client, ClientError, Workflow, segment};
use crate::compose::Work;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::{Document, InputArgs, RunInput};
use crate::output::plain;

#[derive(clap::Args, Debug)]
pub(crate) struct RunWorkflow {
    /// A definition (.yaml or .json), or the name or id of a registered workflow
    #[arg(value_name = "FILE_OR_NAME")]
    workflow: String,
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    beginning: Beginning,
}

/// Which definition is to be run.
enum Source {
    File(Document),
    Registered { name: String, definition: Value },
}

impl RunWorkflow {
    pub(super) async fn execute(self, context: &Context) -> Done {
        // A file that cannot be read must not open a store first.
        let file = match file(&self.workflow) {
            Some(path) => Some(Document::read_definition(&path, context.paint)?),
            None => None,
        };
        context
            .with_client(Work::Drive, async |client| {
                self.beginning.check(client)?;
                let source = match file {
                    Some(document) => Source::File(document),
                    None => registered(client, &self.workflow).await?,
                };
                self.begin(context, client, &source).await
            })
            .await
    }

    async fn begin(&self, context: &Context, client: &Client, source: &Source) -> Done {
        let schema = match source {
            Source::File(document) => document.value.get("input"),
            Source::Registered { definition, .. } => definition.get("input"),
        };
        let input = RunInput::assemble(&self.input, schema, context.paint)?;
        let call = match source {
            Source::File(document) => {
                let body = json!({"workflow": document.value, "input": input.value});
                Call::post("/api/v1/workflows/run", body)
            }
            Source::Registered { name, .. } => {
                let path = format!("/api/v1/workflows/{}/runs", segment(name));
                Call::post(path, json!({"input": input.value}))
            }
        };
        let begun = client
            .call(self.beginning.keyed(call))
            .await
            .map_err(|error| explain(error, source, &input, context))?;
        self.beginning.follow(context, client, &begun).await
    }
}

/// A path that is meant as one: it exists, or looks like one.
fn file(text: &str) -> Option<PathBuf> {
    let path = Path::new(text);
    let named = path
        .extension()
        .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known));
    (named || text.contains('/') || path.is_file()).then(|| path.to_owned())
}

async fn registered(client: &Client, name: &str) -> Result<Source, Failure> {
    let answer = client
        .call(Call::get(format!("/api/v1/workflows/{}", segment(name))))
        .await;
    match answer {
        Ok(answer) => {
            let workflow: Workflow = answer.view()?;
            Ok(Source::Registered {
                name: name.to_owned(),
                definition: workflow.definition,
            })
        }
        Err(error) if error.problem().is_some_and(|problem| problem.status == 404) => {
            let there = if Path::new(name).is_dir() {
                ", and what is called so here is a folder"
            } else {
                " and no file of that name"
            };
            Err(Failure::Usage(format!(
                "error: there is no workflow `{}`{there}",
                plain(name)
            )))
        }
        Err(error) => Err(error.into()),
    }
}

/// A refusal, shown where its cause stands.
fn explain(error: ClientError, source: &Source, input: &RunInput, context: &Context) -> Failure {
    let ClientError::Problem(problem) = &error else {
        return error.into();
    };
    let of_definition = match source {
        Source::File(document) => document.refusal(problem, "/workflow", context.paint),
        Source::Registered { .. } => None,
    };
    let shown = of_definition.or_else(|| input.refusal(problem, context.paint));
    shown.unwrap_or_else(|| error.into())
}
