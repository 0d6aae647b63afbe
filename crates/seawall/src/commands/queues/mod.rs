//! `seawall queues`.

mod delete;
mod list;
mod set;
mod show;

use clap::Subcommand;

use super::Done;
use crate::client::Queue;
use crate::context::Context;
use crate::output::{Table, human_duration};

#[derive(Subcommand, Debug)]
pub(crate) enum Queues {
    /// List the queues that have settings or tasks, by name
    List(list::List),
    /// Show a queue
    Show(show::Show),
    /// Limit a queue, pause it, or let it go on
    Set(set::Set),
    /// Take all settings of a queue away; its tasks stay
    Delete(delete::Delete),
}

impl Queues {
    pub(super) async fn execute(self, context: &Context) -> Done {
        match self {
            Self::List(command) => command.execute(context).await,
            Self::Show(command) => command.execute(context).await,
            Self::Set(command) => command.execute(context).await,
            Self::Delete(command) => command.execute(context).await,
        }
    }
}

/// The columns of a list of queues.
const HEAD: [&str; 7] = ["QUEUE", "WAITING", "LONGEST", "CLAIMED", "LIMIT", "PER KEY", "RATE"];

fn row(queue: Queue) -> [String; 7] {
    let dash = || "-".to_owned();
    let limit = |limit: Option<u32>| limit.map_or_else(dash, |limit| limit.to_string());
    let rate = queue.rate.unwrap_or_else(dash);
    [
        queue.name,
        queue.offered.to_string(),
        queue.oldest_wait_ms.map_or_else(dash, human_duration),
        queue.claimed.to_string(),
        limit(queue.concurrency),
        limit(queue.concurrency_per_key),
        if queue.paused { "paused".to_owned() } else { rate },
    ]
}

/// One queue.
fn text(queue: Queue) -> String {
    let mut table = Table::new(&HEAD);
    table.row(row(queue));
    table.text()
}
