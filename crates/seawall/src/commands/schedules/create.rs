use serde_json::{Map, Value, json};

use super::show;
use crate::client::{Call, Client, ClientError, Workflow, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::failure::Failure;
use crate::input::{InputArgs, RunInput};
use crate::output::tell;

#[derive(clap::Args, Debug)]
pub(crate) struct Create {
    /// Name or id of the workflow
    workflow: String,
    /// Cron pattern of 5 fields, or 6 with the seconds first: '30 2 * * MON-FRI'
    #[arg(
        long,
        value_name = "PATTERN",
        required_unless_present = "every",
        conflicts_with = "every"
    )]
    cron: Option<String>,
    /// Interval, counted from now: 10m
    #[arg(long, value_name = "DURATION")]
    every: Option<String>,
    /// Time zone of the pattern [default: UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    #[command(flatten)]
    input: InputArgs,
    /// When the run before has not ended: skip, queue or allow [default: skip]
    #[arg(long, value_name = "POLICY")]
    overlap: Option<String>,
    /// What was missed while nobody was there: skip, once, or the last N of them [default: once]
    #[arg(long, value_name = "POLICY")]
    catch_up: Option<String>,
    /// Make it, and let it fire after `schedules resume` only
    #[arg(long)]
    paused: bool,
}

impl Create {
    pub(super) async fn execute(self, context: &Context) -> Done {
        context
            .with_client(Work::Keep, async |client| self.create(context, client).await)
            .await
    }

    async fn create(&self, context: &Context, client: &Client) -> Done {
        let path = format!("/api/v1/workflows/{}", segment(&self.workflow));
        // One that is not there has no schema; the server says so at its name.
        let schema = match client.call(Call::get(path)).await {
            Ok(answer) => answer.view::<Workflow>()?.definition.get("input").cloned(),
            Err(error) if error.problem().is_some_and(|problem| problem.status == 404) => None,
            Err(error) => return Err(error.into()),
        };
        let input = RunInput::assemble(&self.input, schema.as_ref(), context.paint)?;
        let call = Call::post("/api/v1/schedules", self.body(&input));
        let answer = client
            .call(call)
            .await
            .map_err(|error| refusal(error, &input, context))?;
        if client.is_local() {
            tell("It fires while `seawall serve` runs on this data folder.");
        }
        context.print(&answer, |schedule| show::text(&schedule))
    }

    fn body(&self, input: &RunInput) -> Value {
        let mut body = Map::new();
        let mut put = |name: &str, value: Option<&String>| {
            if let Some(value) = value {
                body.insert(name.to_owned(), json!(value));
            }
        };
        put("workflow", Some(&self.workflow));
        put("cron", self.cron.as_ref());
        put("every", self.every.as_ref());
        put("time_zone", self.time_zone.as_ref());
        put("overlap", self.overlap.as_ref());
        if let Some(policy) = &self.catch_up {
            let value = policy
                .parse::<u64>()
                .map_or_else(|_| json!(policy), |count| json!(count));
            body.insert("catch_up".to_owned(), value);
        }
        body.insert("input".to_owned(), input.value.clone());
        body.insert("paused".to_owned(), json!(self.paused));
        Value::Object(body)
    }
}

fn refusal(error: ClientError, input: &RunInput, context: &Context) -> Failure {
    let shown = error
        .problem()
        .and_then(|problem| input.refusal(problem, context.paint));
    shown.unwrap_or_else(|| error.into())
}
