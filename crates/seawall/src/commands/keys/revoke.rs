use crate::client::{Call, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;

#[derive(clap::Args, Debug)]
pub(crate) struct Revoke {
    /// The key: key_…
    key: String,
}

impl Revoke {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let call = Call::delete(format!("/api/v1/api-keys/{}", segment(&self.key)));
        context.ask(Work::Look, call).await?;
        if !context.global.json {
            context.out.line("revoked")?;
        }
        Ok(Exit::Done)
    }
}
