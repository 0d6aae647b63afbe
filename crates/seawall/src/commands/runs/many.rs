//! Cancel and retry by filter.

use serde_json::{Map, Value, json};

use crate::client::{Bulk, Call, Client, Listed, Query, Run, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::Pair;
use crate::output::{Table, plain, tell};

/// One run, or those that fit a filter.
#[derive(clap::Args, Debug)]
pub(crate) struct Targets {
    /// The run: run_…
    pub(super) run: Option<String>,
    #[command(flatten)]
    filter: Filter,
}

#[derive(clap::Args, Debug)]
struct Filter {
    /// Of this workflow, by name or id
    #[arg(long, conflicts_with = "run")]
    workflow: Option<String>,
    /// In this status; several times: in any of them
    #[arg(long, conflicts_with = "run")]
    status: Vec<String>,
    /// Created since then: 2026-01-02T03:04:05Z
    #[arg(long, conflicts_with = "run")]
    since: Option<String>,
    /// Created before then
    #[arg(long, conflicts_with = "run")]
    until: Option<String>,
    /// With this value in the input: customer.id=42 (a number), customer.id='"42"' (a text)
    #[arg(long, value_name = "PATH=VALUE", conflicts_with = "run")]
    input: Vec<Pair>,
    /// Every run
    #[arg(long, conflicts_with_all = ["run", "workflow", "status", "since", "until", "input"])]
    all: bool,
    /// How many at most [default: 100]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1000), conflicts_with = "run")]
    limit: Option<u32>,
    /// Where the last answer ended
    #[arg(long, conflicts_with = "run")]
    cursor: Option<String>,
    /// Only say which runs are meant
    #[arg(long, conflicts_with = "run")]
    dry_run: bool,
}

pub(super) async fn many(context: &Context, targets: &Targets, verb: &'static str) -> Done {
    if !targets.filter.says_which() {
        return Err(Failure::Usage(format!(
            "error: which runs? Name one (`seawall runs {verb} run_…`), or say which ones are meant by --workflow, \
             --status, --since, --until or --input, or --all; --dry-run shows them first"
        )));
    }
    let call = Call::post(format!("/api/v1/runs/{verb}"), targets.filter.body());
    let (answer, bulk, local) = context
        .with_client(Work::Look, async |client| {
            let answer = client.call(call).await?;
            let bulk: Bulk = answer.view()?;
            if let Some(workflow) = &targets.filter.workflow
                && bulk.matched == 0
            {
                has_ever_been(client, workflow).await?;
            }
            Ok((answer, bulk, client.is_local()))
        })
        .await?;
    let failed = bulk.items.iter().any(|item| item.status == "failed");
    if context.global.json {
        context.out.json(&answer.value)?;
    } else {
        print(context, &bulk)?;
        if local && bulk.accepted > 0 {
            tell("The runs take it while `seawall serve` runs on this data folder.");
        }
    }
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// No run was found: perhaps because nothing is called that. Runs of definitions that were never stored, and of deleted
/// workflows, keep their name.
async fn has_ever_been(client: &Client, workflow: &str) -> Result<(), Failure> {
    let query = Query::default().with("workflow", Some(workflow)).with("limit", Some(1));
    let runs: Listed<Run> = client.call(Call::get(query.of("/api/v1/runs"))).await?.view()?;
    if !runs.items.is_empty() {
        return Ok(());
    }
    let stored = client.call(Call::get(format!("/api/v1/workflows/{}", segment(workflow))));
    match stored.await {
        Err(error) if error.problem().is_some_and(|problem| problem.status == 404) => {
            let workflow = plain(workflow);
            Err(Failure::Usage(format!(
                "error: there is no workflow `{workflow}`, and no run of one"
            )))
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}

fn print(context: &Context, bulk: &Bulk) -> Result<(), Failure> {
    let mut table = Table::new(&["ID", "ANSWER", "WHY"]);
    for item in &bulk.items {
        let why = item.detail.clone().unwrap_or_default();
        table.row([item.id.clone(), item.status.clone(), why]);
    }
    context.out.line(&table.text())?;
    context
        .out
        .line(&format!("{} found, {} accepted", bulk.matched, bulk.accepted))?;
    context.out.more(bulk.next_cursor.as_deref())
}

impl Filter {
    fn says_which(&self) -> bool {
        let texts = [&self.workflow, &self.since, &self.until];
        self.all || !self.status.is_empty() || !self.input.is_empty() || texts.iter().any(|text| text.is_some())
    }

    fn body(&self) -> Value {
        let mut filter = Map::new();
        let texts = [
            ("workflow", &self.workflow),
            ("since", &self.since),
            ("until", &self.until),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                filter.insert(name.to_owned(), json!(text));
            }
        }
        if !self.status.is_empty() {
            filter.insert("status".to_owned(), json!(self.status));
        }
        if !self.input.is_empty() {
            let pairs = self
                .input
                .iter()
                .map(|pair| (pair.key().to_owned(), scalar(pair.text())));
            filter.insert("input".to_owned(), Value::Object(pairs.collect()));
        }
        let mut body = json!({"filter": filter, "all": self.all, "dry_run": self.dry_run});
        if let Some(limit) = self.limit {
            body["limit"] = json!(limit);
        }
        if let Some(cursor) = &self.cursor {
            body["cursor"] = json!(cursor);
        }
        body
    }
}

/// JSON where it is a scalar of JSON, else the text.
fn scalar(text: &str) -> Value {
    let value = serde_json::from_str::<Value>(text).ok();
    let value = value.filter(|value| !value.is_object() && !value.is_array());
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}
