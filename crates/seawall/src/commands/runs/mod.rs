//! `seawall runs`.

mod control;
mod events;
mod follow;
mod fork;
mod list;
mod resolve;
mod show;
mod why;

use clap::Subcommand;

use super::Done;
use crate::context::Context;

#[derive(Subcommand, Debug)]
pub(crate) enum Runs {
    /// List runs, newest first
    List(list::List),
    /// Show a run with its steps
    Show(show::Show),
    /// Print what a run's journal holds
    Events(events::Events),
    /// Follow a run to its end; without a server, drive it on
    Follow(follow::Follow),
    /// Cancel a run
    Cancel(control::Target),
    /// Pause a run: no new attempt begins
    Pause(control::Target),
    /// Resume a run after a pause or a block
    Resume(control::Target),
    /// Retry a run from its failed steps
    Retry(control::Target),
    /// Do a run again from a step on, as a new run
    Fork(fork::Fork),
    /// Say what became of a step of which nobody knows whether it happened
    Resolve(resolve::Resolve),
    /// Say why a run does not go on
    Why(why::Why),
}

impl Runs {
    pub(super) async fn execute(self, context: &Context) -> Done {
        use control::{Control, control};
        match self {
            Self::List(command) => command.execute(context).await,
            Self::Show(command) => command.execute(context).await,
            Self::Events(command) => command.execute(context).await,
            Self::Follow(command) => command.execute(context).await,
            Self::Cancel(target) => control(context, &target, Control::Cancel).await,
            Self::Pause(target) => control(context, &target, Control::Pause).await,
            Self::Resume(target) => control(context, &target, Control::Resume).await,
            Self::Retry(target) => control(context, &target, Control::Retry).await,
            Self::Fork(command) => command.execute(context).await,
            Self::Resolve(command) => command.execute(context).await,
            Self::Why(command) => command.execute(context).await,
        }
    }
}
