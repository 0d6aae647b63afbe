//! `seawall tasks`: the verbs of workers, for people. A task in one's hands is shown by its lease, as a worker shows it.

mod claim;
mod end;
mod heartbeat;
mod show;

use clap::Subcommand;

use super::Done;
use crate::client::segment;
use crate::context::Context;

#[derive(Subcommand, Debug)]
pub(crate) enum Tasks {
    /// Show a task: its step, who has it, until when
    Show(show::Show),
    /// Take tasks of a queue, as a worker does
    Claim(claim::Claim),
    /// Keep a task that was claimed
    Heartbeat(heartbeat::Heartbeat),
    /// Say that a task that was claimed is done
    Complete(end::Complete),
    /// Say that a task that was claimed could not be done; its step's `retry` decides whether it is offered again
    Fail(end::Fail),
}

impl Tasks {
    pub(super) async fn execute(self, context: &Context) -> Done {
        match self {
            Self::Show(command) => command.execute(context).await,
            Self::Claim(command) => command.execute(context).await,
            Self::Heartbeat(command) => command.execute(context).await,
            Self::Complete(command) => command.execute(context).await,
            Self::Fail(command) => command.execute(context).await,
        }
    }
}

/// A task in somebody's hands.
#[derive(clap::Args, Debug)]
struct Claimed {
    /// The task: task_…
    task: String,
    /// As it was given with the task
    #[arg(long)]
    lease: String,
}

fn path(task: &str) -> String {
    format!("/api/v1/tasks/{}", segment(task))
}
