use super::{HEAD, row};
use crate::client::Query;
use crate::commands::Done;
use crate::commands::listed::{Part, list};
use crate::context::Context;

#[derive(clap::Args, Debug)]
pub(crate) struct List {
    #[command(flatten)]
    part: Part,
}

impl List {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let path = self.part.of(Query::default()).of("/api/v1/queues");
        list(context, path, HEAD, row).await
    }
}
