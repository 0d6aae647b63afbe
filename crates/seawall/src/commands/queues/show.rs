use super::text;
use crate::client::{Call, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;

#[derive(clap::Args, Debug)]
pub(crate) struct Show {
    queue: String,
}

impl Show {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let call = Call::get(format!("/api/v1/queues/{}", segment(&self.queue)));
        let answer = context.ask(Work::Look, call).await?;
        context.print(&answer, text)
    }
}
