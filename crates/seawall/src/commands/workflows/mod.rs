//! `seawall workflows`.

mod apply;
mod delete;
mod flow;
mod list;
mod show;
mod validate;

use clap::Subcommand;

use super::Done;
use crate::context::Context;

#[derive(Subcommand, Debug)]
pub(crate) enum Workflows {
    /// Register a definition, or write its next version if it has changed
    Apply(apply::Apply),
    /// List workflows, newest first
    List(list::List),
    /// Show a workflow's latest version
    Show(show::Show),
    /// Show what of a workflow's runs goes on and waits, for each key
    Flow(flow::Flow),
    /// Check a definition; nothing is kept
    Validate(validate::Validate),
    /// Delete a workflow; its runs stay
    Delete(delete::Delete),
}

impl Workflows {
    pub(super) async fn execute(self, context: &Context) -> Done {
        match self {
            Self::Apply(command) => command.execute(context).await,
            Self::List(command) => command.execute(context).await,
            Self::Show(command) => command.execute(context).await,
            Self::Flow(command) => command.execute(context).await,
            Self::Validate(command) => command.execute(context).await,
            Self::Delete(command) => command.execute(context).await,
        }
    }
}
