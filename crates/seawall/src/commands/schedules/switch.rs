//! Pause and resume: the same settings with another `paused`.

use serde_json::{Map, Value};

use super::show;
use crate::client::{Call, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;

/// What clients say of a schedule; all else of an answer is the server's.
const SETTINGS: [&str; 7] = ["workflow", "cron", "every", "time_zone", "input", "overlap", "catch_up"];

#[derive(clap::Args, Debug)]
pub(crate) struct Target {
    /// The schedule: sched_…
    schedule: String,
}

pub(super) async fn switch(context: &Context, target: &Target, paused: bool) -> Done {
    let path = format!("/api/v1/schedules/{}", segment(&target.schedule));
    let answer = context
        .with_client(Work::Look, async |client| {
            let current = client.call(Call::get(&path)).await?;
            let update = Call::put(&path, with_paused(&current.value, paused));
            Ok(client.call(update.based_on(&current)).await?)
        })
        .await?;
    context.print(&answer, |schedule| show::text(&schedule))
}

fn with_paused(schedule: &Value, paused: bool) -> Value {
    let own = SETTINGS.iter().filter_map(|name| {
        let value = schedule
            .get(name)
            .filter(|value| !value.is_null() || *name == "input")?;
        Some(((*name).to_owned(), value.clone()))
    });
    let mut settings: Map<String, Value> = own.collect();
    settings.insert("paused".to_owned(), Value::Bool(paused));
    Value::Object(settings)
}
