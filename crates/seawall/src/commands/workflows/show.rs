use crate::client::{Call, Workflow, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::plain;

#[derive(clap::Args, Debug)]
pub(crate) struct Show {
    /// Name or id
    workflow: String,
}

impl Show {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let call = Call::get(format!("/api/v1/workflows/{}", segment(&self.workflow)));
        let answer = context
            .with_client(Work::Look, async |client| Ok(client.call(call).await?))
            .await?;
        if context.global.json {
            context.out.json(&answer.value)?;
            return Ok(Exit::Done);
        }
        let workflow: Workflow = answer.view()?;
        let head = format!("{}  {} v{}", workflow.id, plain(&workflow.name), workflow.version);
        context.out.line(&format!(
            "{head}\nchanged {}\n{:#}",
            workflow.updated_at, workflow.definition
        ))?;
        Ok(Exit::Done)
    }
}
