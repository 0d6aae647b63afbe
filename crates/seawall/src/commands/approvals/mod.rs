//! `seawall approvals`.

mod decide;
mod list;

use clap::Subcommand;

use super::Done;
use crate::context::Context;

#[derive(Subcommand, Debug)]
pub(crate) enum Approvals {
    /// List what is asked, newest first
    List(list::List),
    /// Approve or reject
    Decide(decide::Decide),
}

impl Approvals {
    pub(super) async fn execute(self, context: &Context) -> Done {
        match self {
            Self::List(command) => command.execute(context).await,
            Self::Decide(command) => command.execute(context).await,
        }
    }
}
