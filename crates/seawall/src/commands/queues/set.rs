use clap::ArgAction;
use serde_json::{Map, Value};

use super::text;
use crate::client::{Answer, Call, Client, ClientError, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;

/// What a queue's settings are called in the API.
const SETTINGS: [&str; 4] = ["concurrency", "concurrency_per_key", "rate", "paused"];

/// What is left out stays as it is.
#[derive(clap::Args, Debug)]
pub(crate) struct Set {
    queue: String,
    /// So many of its tasks at once with workers; `none` for no limit
    #[arg(long, value_name = "N", value_parser = limit)]
    concurrency: Option<Value>,
    /// So many at once of the same key; `none` for no limit
    #[arg(long, value_name = "N", value_parser = limit)]
    concurrency_per_key: Option<Value>,
    /// So many given out over time: 10/s, 100/min, 5000/h; 0 for no limit
    #[arg(long)]
    rate: Option<String>,
    /// Give no task out
    #[arg(long, conflicts_with = "resume", action = ArgAction::SetTrue)]
    pause: bool,
    /// Give tasks out again
    #[arg(long, action = ArgAction::SetTrue)]
    resume: bool,
}

fn limit(text: &str) -> Result<Value, std::num::ParseIntError> {
    if text == "none" {
        return Ok(Value::Null);
    }
    text.parse::<u32>().map(Value::from)
}

impl Set {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let answer = context
            .with_client(Work::Keep, async |client| Ok(self.set(client).await?))
            .await?;
        context.print(&answer, text)
    }

    async fn set(self, client: &Client) -> Result<Answer, ClientError> {
        let path = format!("/api/v1/queues/{}", segment(&self.queue));
        let current = match client.call(Call::get(&path)).await {
            Ok(answer) => answer,
            Err(error) if error.problem().is_some_and(|problem| problem.status == 404) => {
                return client.call(Call::put(path, self.over(&Value::Null))).await;
            }
            Err(error) => return Err(error),
        };
        let update = Call::put(path, self.over(&current.value));
        client.call(update.based_on(&current)).await
    }

    /// All settings: the API replaces them together.
    fn over(self, current: &Value) -> Value {
        let mut settings = Map::new();
        for name in SETTINGS {
            if let Some(value) = current.get(name) {
                settings.insert(name.to_owned(), value.clone());
            }
        }
        let paused = (self.pause || self.resume).then_some(Value::Bool(self.pause));
        let changes = [
            self.concurrency,
            self.concurrency_per_key,
            self.rate.map(Value::String),
            paused,
        ];
        for (name, change) in SETTINGS.into_iter().zip(changes) {
            if let Some(value) = change {
                settings.insert(name.to_owned(), value);
            }
        }
        Value::Object(settings)
    }
}
