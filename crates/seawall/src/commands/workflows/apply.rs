use std::path::PathBuf;

use serde_json::Value;

use crate::client::{Answer, Call, Client, ClientError, Workflow, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::Document;

#[derive(clap::Args, Debug)]
pub(crate) struct Apply {
    /// Definitions: .yaml or .json
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl Apply {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let read = self.files.iter().map(|path| Document::read(path, context.paint));
        let documents = read.collect::<Result<Vec<_>, _>>()?;
        context
            .with_client(Work::Keep, async |client| {
                for document in &documents {
                    let (answer, what) = apply(client, document)
                        .await
                        .map_err(|error| explain(error, document, context))?;
                    if context.global.json {
                        context.out.json(&answer.value)?;
                    } else {
                        let workflow: Workflow = answer.view()?;
                        let line = format!(
                            "{} version {} {what} ({})",
                            workflow.name, workflow.version, workflow.id
                        );
                        context.out.line(&line)?;
                    }
                }
                Ok(Exit::Done)
            })
            .await
    }
}

async fn apply(client: &Client, document: &Document) -> Result<(Answer, &'static str), ClientError> {
    let definition = document.value.clone();
    let create = || Call::post("/api/v1/workflows", document.value.clone());
    // Without a good name the server says what is wrong with it.
    let Some(name) = definition
        .get("name")
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty())
    else {
        return Ok((client.call(create()).await?, "registered"));
    };
    let path = format!("/api/v1/workflows/{}", segment(name));
    let current = match client.call(Call::get(&path)).await {
        Ok(current) => current,
        Err(error) if error.problem().is_some_and(|problem| problem.status == 404) => {
            return Ok((client.call(create()).await?, "registered"));
        }
        Err(error) => return Err(error),
    };
    if current.view::<Workflow>()?.definition == definition {
        return Ok((current, "is unchanged"));
    }
    let update = Call::put(path, definition).based_on(&current);
    Ok((client.call(update).await?, "written"))
}

fn explain(error: ClientError, document: &Document, context: &Context) -> Failure {
    let refusal = error
        .problem()
        .and_then(|problem| document.refusal(problem, "", context.paint));
    refusal.unwrap_or_else(|| error.into())
}
