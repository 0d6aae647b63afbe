use http::{HeaderName, HeaderValue};
use serde_json::json;

use crate::client::{Call, ClaimedTask, Listed, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::output::plain;

#[derive(clap::Args, Debug)]
pub(crate) struct Claim {
    queue: String,
    /// How many at most
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    max: u32,
    /// Seconds to wait for one, where there is none
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=60))]
    wait: u32,
    /// How long it is yours without a heartbeat: 1s to 1h
    #[arg(long, value_name = "DURATION", default_value = "10m")]
    lease_for: String,
    /// How you are called, for people
    #[arg(long, default_value = "by hand")]
    worker: String,
}

impl Claim {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let path = format!("/api/v1/tasks/{}/claim", segment(&self.queue));
        let body = json!({"max": self.max, "worker": self.worker, "lease_for": self.lease_for});
        let mut call = Call::post(path, body);
        if let Ok(wait) = HeaderValue::try_from(format!("wait={}", self.wait)) {
            call = call.header(HeaderName::from_static("prefer"), wait);
        }
        let answer = context.ask(Work::Look, call).await?;
        context.print(&answer, |claimed: Listed<ClaimedTask>| match &claimed.items[..] {
            [] => format!("no task in {}", plain(&self.queue)),
            tasks => {
                let texts: Vec<String> = tasks.iter().map(|task| text(task, context)).collect();
                texts.join("\n")
            }
        })
    }
}

/// A task in one's hands, with the commands that say what became of it.
fn text(task: &ClaimedTask, context: &Context) -> String {
    let end = |verb: &str, what: [&str; 2]| {
        let [option, value] = what;
        let words = ["tasks", verb, &task.id, "--lease", &task.lease, option, value];
        context.program.line(&words)
    };
    let payload = plain(&task.payload.to_string());
    let activity = plain(&task.activity());
    [
        format!("{}  {activity} of {}, attempt {}", task.id, task.run_id, task.attempt),
        format!("  payload  {payload}"),
        format!("  until    {}", task.lease_expires_at),
        format!("  {}", end("complete", ["--output", "null"])),
        format!("  {}", end("fail", ["--message", "why"])),
    ]
    .join("\n")
}
