//! `seawall audit`.

mod list;
mod verify;

use clap::Subcommand;

use super::Done;
use crate::context::Context;

#[derive(Subcommand, Debug)]
pub(crate) enum Audit {
    /// List what was done that touches security, newest first
    List(list::List),
    /// Hold the audit trail against its seals: whether a record was changed, is missing or was cut off
    Verify(verify::Verify),
}

impl Audit {
    pub(super) async fn execute(self, context: &Context) -> Done {
        match self {
            Self::List(command) => command.execute(context).await,
            Self::Verify(command) => command.execute(context).await,
        }
    }
}
