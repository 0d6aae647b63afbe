use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::follow::{Follower, drive};

#[derive(clap::Args, Debug)]
pub(crate) struct Follow {
    /// The run: run_…
    run: String,
}

impl Follow {
    pub(super) async fn execute(self, context: &Context) -> Done {
        context
            .with_client(Work::Drive, async |client| {
                drive(Follower::new(context, client, &self.run)?).await
            })
            .await
    }
}
