//! `seawall runs`.

mod control;
mod events;
mod export;
mod follow;
mod fork;
mod list;
mod many;
mod replay;
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
    /// Cancel a run, or all that fit a filter
    Cancel(many::Targets),
    /// Pause a run: no new attempt begins
    Pause(control::Target),
    /// Resume a run after a pause or a block
    Resume(control::Target),
    /// Retry a run from its failed steps, or all that fit a filter
    Retry(many::Targets),
    /// Do a run again from a step on, as a new run
    Fork(fork::Fork),
    /// Say what became of a step of which nobody knows whether it happened
    Resolve(resolve::Resolve),
    /// Say why a run does not go on
    Why(why::Why),
    /// Write runs down as documents, with their definition and their journal
    Export(export::Export),
    /// Run exported runs again, offline, with every effect answered from the record
    #[command(after_help = replay::EXIT_CODES)]
    Replay(replay::Replay),
}

impl Runs {
    pub(super) async fn execute(self, context: &Context) -> Done {
        use control::{Control, control, one_or_many};
        match self {
            Self::List(command) => command.execute(context).await,
            Self::Show(command) => command.execute(context).await,
            Self::Events(command) => command.execute(context).await,
            Self::Follow(command) => command.execute(context).await,
            Self::Cancel(targets) => one_or_many(context, &targets, Control::Cancel).await,
            Self::Pause(target) => control(context, &target, Control::Pause).await,
            Self::Resume(target) => control(context, &target, Control::Resume).await,
            Self::Retry(targets) => one_or_many(context, &targets, Control::Retry).await,
            Self::Fork(command) => command.execute(context).await,
            Self::Resolve(command) => command.execute(context).await,
            Self::Why(command) => command.execute(context).await,
            Self::Export(command) => command.execute(context).await,
            Self::Replay(command) => command.execute(context),
        }
    }
}
