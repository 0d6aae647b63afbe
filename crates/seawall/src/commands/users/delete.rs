use crate::client::{Call, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;

#[derive(clap::Args, Debug)]
pub(crate) struct Delete {
    /// The user: usr_…
    user: String,
}

impl Delete {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let call = Call::delete(format!("/api/v1/users/{}", segment(&self.user)));
        context.ask(Work::Look, call).await?;
        if !context.global.json {
            context.out.line("deleted")?;
        }
        Ok(Exit::Done)
    }
}
