//! `seawall schedules`.

mod create;
mod delete;
mod list;
mod show;
mod switch;

use clap::Subcommand;

use super::Done;
use crate::context::Context;

#[derive(Subcommand, Debug)]
pub(crate) enum Schedules {
    /// List schedules, newest first
    List(list::List),
    /// Run a workflow by the clock
    Create(create::Create),
    /// Show a schedule
    Show(show::Show),
    /// Pause a schedule: nothing fires, and nothing is made up for later
    Pause(switch::Target),
    /// Resume a schedule from now on
    Resume(switch::Target),
    /// Delete a schedule; its runs stay
    Delete(delete::Delete),
}

impl Schedules {
    pub(super) async fn execute(self, context: &Context) -> Done {
        match self {
            Self::List(command) => command.execute(context).await,
            Self::Create(command) => command.execute(context).await,
            Self::Show(command) => command.execute(context).await,
            Self::Pause(target) => switch::switch(context, &target, true).await,
            Self::Resume(target) => switch::switch(context, &target, false).await,
            Self::Delete(command) => command.execute(context).await,
        }
    }
}
