//! The commands, one file each: what they take, what they ask the API, what they print.

mod approvals;
mod beginning;
mod completions;
mod doctor;
mod doctor_safety;
mod listed;
mod message;
mod migrate;
mod queues;
mod run;
mod runs;
mod schedules;
mod schema;
mod serve;
mod signal;
mod tasks;
mod verify;
mod workflows;

use clap::Subcommand;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

type Done = Result<Exit, Failure>;

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Serve the HTTP API, and execute runs
    Serve(serve::Serve),
    /// Run a workflow and follow it to its end
    Run(run::RunWorkflow),
    /// Look at runs and control them
    #[command(subcommand)]
    Runs(runs::Runs),
    /// Register workflows and look at them
    #[command(subcommand)]
    Workflows(workflows::Workflows),
    /// Run workflows by the clock
    #[command(subcommand)]
    Schedules(schedules::Schedules),
    /// Decide what runs ask people for
    #[command(subcommand)]
    Approvals(approvals::Approvals),
    /// Look at queues of tasks for workers, and limit them
    #[command(subcommand)]
    Queues(queues::Queues),
    /// Do by hand what workers do: look at tasks, claim, complete and fail them
    #[command(subcommand)]
    Tasks(tasks::Tasks),
    /// Send a signal to a run
    Signal(signal::SendSignal),
    /// Bring the store's file to this program's version
    Migrate(migrate::Migrate),
    /// Check everything in the store against its journals
    Verify(verify::Verify),
    /// Check configuration, data folder, store and port, and say what to change
    Doctor(doctor::Doctor),
    /// Print a JSON Schema
    #[command(subcommand)]
    Schema(schema::Schema),
    /// Print completions for a shell
    Completions(completions::Completions),
}

impl Command {
    pub(crate) async fn execute(self, context: &Context) -> Done {
        match self {
            Self::Serve(command) => command.execute(context).await,
            Self::Run(command) => command.execute(context).await,
            Self::Runs(command) => command.execute(context).await,
            Self::Workflows(command) => command.execute(context).await,
            Self::Schedules(command) => command.execute(context).await,
            Self::Approvals(command) => command.execute(context).await,
            Self::Queues(command) => command.execute(context).await,
            Self::Tasks(command) => command.execute(context).await,
            Self::Signal(command) => command.execute(context).await,
            Self::Migrate(command) => command.execute(context),
            Self::Verify(command) => command.execute(context).await,
            Self::Doctor(command) => command.execute(context),
            Self::Schema(command) => command.execute(context),
            Self::Completions(command) => command.execute(context),
        }
    }
}
