use crate::client::{Call, Workflow, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::output::plain;

#[derive(clap::Args, Debug)]
pub(crate) struct Show {
    /// Name or id
    workflow: String,
}

impl Show {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let call = Call::get(format!("/api/v1/workflows/{}", segment(&self.workflow)));
        let answer = context.ask(Work::Look, call).await?;
        context.print(&answer, |workflow: Workflow| {
            let head = format!("{}  {} v{}", workflow.id, plain(&workflow.name), workflow.version);
            format!("{head}\nchanged {}\n{:#}", workflow.updated_at, workflow.definition)
        })
    }
}
