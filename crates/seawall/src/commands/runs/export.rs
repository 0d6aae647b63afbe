//! `seawall runs export`: runs as documents.

use std::fs;
use std::path::{Path, PathBuf};

use crate::client::{Call, Client, Listed, Query, Run, segment};
use crate::commands::Done;
use crate::compose::Work;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::tell;

/// The most runs of one export, and of one page of the list.
const MOST: u32 = 10_000;
const PAGE: u32 = 200;

#[derive(clap::Args, Debug)]
pub(crate) struct Export {
    /// The run: run_…
    #[arg(required_unless_present_any = ["workflow", "status"], conflicts_with_all = ["workflow", "status", "limit"])]
    run: Option<String>,
    /// The file, or the folder for several runs; `-` is stdout [default: -]
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,
    /// The newest runs of this workflow, by name or id
    #[arg(long)]
    workflow: Option<String>,
    /// The newest runs of this status: succeeded, failed, …
    #[arg(long)]
    status: Option<String>,
    /// How many of them
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    limit: u32,
}

impl Export {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let folder = match (&self.run, &self.output) {
            (Some(_), _) => None,
            (None, Some(path)) if path.as_os_str() != "-" => Some(path.clone()),
            (None, _) => {
                let text = "error: several runs go into a folder: name it with --output DIR";
                return Err(Failure::Usage(text.to_owned()));
            }
        };
        context
            .with_client(Work::Look, async |client| match (&self.run, folder) {
                (Some(run), _) => self.one(context, client, run).await,
                (None, Some(folder)) => self.several(context, client, &folder).await,
                (None, None) => Ok(Exit::Usage),
            })
            .await
    }

    async fn one(&self, context: &Context, client: &Client, run: &str) -> Done {
        let document = client.document(call(run)).await?;
        match &self.output {
            Some(path) if path.as_os_str() != "-" => write(path, &document)?,
            _ => context.out.bytes(&document)?,
        }
        Ok(Exit::Done)
    }

    async fn several(&self, context: &Context, client: &Client, folder: &Path) -> Done {
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        let (mut left, mut cursor) = (self.limit, None);
        let mut written = 0;
        while left > 0 {
            let query = Query::default()
                .with("workflow", self.workflow.as_ref())
                .with("status", self.status.as_ref())
                .with("limit", Some(left.min(PAGE)))
                .with("cursor", cursor);
            let page: Listed<Run> = client.call(Call::get(query.of("/api/v1/runs"))).await?.view()?;
            for run in page.items.iter().take(left as usize) {
                let path = folder.join(format!("{}.json", run.id));
                write(&path, &client.document(call(&run.id)).await?)?;
                context.out.line(&path.display().to_string())?;
                written += 1;
                left -= 1;
            }
            match page.next_cursor {
                Some(next) if !page.items.is_empty() => cursor = Some(next),
                _ => break,
            }
        }
        if written == 0 {
            tell("no run is like that");
        }
        Ok(Exit::Done)
    }
}

fn call(run: &str) -> Call {
    Call::get(format!("/api/v1/runs/{}/export", segment(run)))
}

/// All of it or nothing: a file that was cut off would look like a run that was.
fn write(path: &Path, document: &[u8]) -> Result<(), Failure> {
    let draft = path.with_extension("json.new");
    fs::write(&draft, document)
        .and_then(|()| fs::rename(&draft, path))
        .map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Other(anyhow::anyhow!("{} cannot be written: {error}", path.display()))
}
