//! `seawall keys`.

mod create;
mod list;
mod revoke;

use clap::Subcommand;

use super::Done;
use crate::context::Context;

#[derive(Subcommand, Debug)]
pub(crate) enum Keys {
    /// Make an API key; its secret is printed once
    Create(create::Create),
    /// List API keys, newest first
    List(list::List),
    /// Revoke an API key for good
    Revoke(revoke::Revoke),
}

impl Keys {
    pub(super) async fn execute(self, context: &Context) -> Done {
        match self {
            Self::Create(command) => command.execute(context).await,
            Self::List(command) => command.execute(context).await,
            Self::Revoke(command) => command.execute(context).await,
        }
    }
}
