use serde_json::Value;

use super::path;
use crate::client::{Call, Task};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::output::{ago, plain};

#[derive(clap::Args, Debug)]
pub(crate) struct Show {
    /// The task: task_…
    task: String,
}

impl Show {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let answer = context.ask(Work::Look, Call::get(path(&self.task))).await?;
        context.print(&answer, |task| text(&task, context))
    }
}

fn text(task: &Task, context: &Context) -> String {
    let now = context.now();
    let withdrawn = if task.cancelled { ", not needed any more" } else { "" };
    let mut lines = vec![
        format!("{}  {}{withdrawn}", task.id, plain(&task.status)),
        format!("  queue     {}, priority {}", plain(&task.queue), task.priority),
        format!(
            "  step      {} of {}, attempt {}",
            plain(&task.activity()),
            task.run_id,
            task.attempt
        ),
        format!("  offered   {}", ago(task.offered_at, now)),
    ];
    if let Some(key) = &task.key {
        lines.push(format!("  key       {}", plain(key)));
    }
    if let Some(worker) = &task.worker {
        lines.push(format!("  worker    {}", plain(worker)));
    }
    let moments = [
        ("heard of", task.heartbeat_at),
        ("lease to", task.lease_expires_at),
        ("deadline", task.deadline),
    ];
    for (name, moment) in moments {
        if let Some(moment) = moment {
            lines.push(format!("  {name}  {moment}"));
        }
    }
    if task.progress != Value::Null {
        lines.push(format!("  progress  {}", plain(&task.progress.to_string())));
    }
    lines.join("\n")
}
