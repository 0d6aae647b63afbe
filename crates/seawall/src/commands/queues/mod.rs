//! `seawall queues`.

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
}

impl Queues {
    pub(super) async fn execute(self, context: &Context) -> Done {
        match self {
            Self::List(command) => command.execute(context).await,
            Self::Show(command) => command.execute(context).await,
            Self::Set(command) => command.execute(context).await,
        }
    }
}

/// Queues, a line each.
fn table(queues: impl IntoIterator<Item = Queue>) -> String {
    let mut table = Table::new(&["QUEUE", "WAITING", "LONGEST", "CLAIMED", "LIMIT", "PER KEY", "RATE"]);
    let limit = |limit: Option<u32>| limit.map_or_else(|| "-".to_owned(), |limit| limit.to_string());
    for queue in queues {
        let rate = queue.rate.unwrap_or_else(|| "-".to_owned());
        table.row([
            queue.name,
            queue.offered.to_string(),
            queue.oldest_wait_ms.map_or_else(|| "-".to_owned(), human_duration),
            queue.claimed.to_string(),
            limit(queue.concurrency),
            limit(queue.concurrency_per_key),
            if queue.paused { "paused".to_owned() } else { rate },
        ]);
    }
    table.text()
}
