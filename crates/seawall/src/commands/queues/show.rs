use super::table;
use crate::client::{Call, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;

#[derive(clap::Args, Debug)]
pub(crate) struct Show {
    queue: String,
}

impl Show {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let call = Call::get(format!("/api/v1/queues/{}", segment(&self.queue)));
        let answer = context
            .with_client(Work::Look, async |client| Ok(client.call(call).await?))
            .await?;
        if context.global.json {
            context.out.json(&answer.value)?;
        } else {
            context.out.line(&table([answer.view()?]))?;
        }
        Ok(Exit::Done)
    }
}
