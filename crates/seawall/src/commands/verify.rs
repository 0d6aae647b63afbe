//! `seawall verify`: whether everything in the store follows from its journals, and nothing is stranded.

use std::sync::Arc;

use seawall_engine::store::{HealthStore as _, SystemClock};
use seawall_engine::{Clock as _, VerifyFindingKind, VerifyReport, verify};
use seawall_server::Config;
use seawall_store_sqlite::{OpenError, SqliteInspector, SqliteOptions, SqliteStore};
use serde_json::{Value, json};

use super::Done;
use crate::compose::registry;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

#[derive(clap::Args, Debug)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Verify {
    /// Write rows, timers and approvals anew from the journals where they differ; no server may run
    #[arg(long)]
    repair: bool,
}

const EXIT_CODES: &str = "\
Exit codes: 0 nothing is wrong, or everything was repaired; 1 something is wrong; 2 the store could not be checked.

Without --repair nothing is written. A server may run meanwhile: what is looked at is the store of one moment.";

/// What was looked at, and how.
struct Looked {
    report: VerifyReport,
    how: &'static str,
}

impl Verify {
    pub(super) async fn execute(self, context: &Context) -> Done {
        // A disabled kind of steps makes no definition wrong.
        let config = context.client_config()?;
        crate::logging::start_for_client(&config, context.global.verbose);
        let looked = if self.repair {
            repair(&config).await?
        } else {
            look(&config).await?
        };
        print(context, &config, &looked)?;
        Ok(if looked.report.is_clean() {
            Exit::Done
        } else {
            Exit::Failed
        })
    }
}

async fn look(config: &Config) -> Result<Looked, Failure> {
    present(config)?;
    let inspector = SqliteInspector::open(&config.db_path).map_err(unchecked)?;
    let how = if inspector.is_in_use() {
        "as it was when the check began; a process works on it"
    } else {
        "nobody works on it"
    };
    let report = verify(&inspector, &registry(config), SystemClock.now(), false).await;
    Ok(Looked {
        report: report.map_err(unchecked)?,
        how,
    })
}

async fn repair(config: &Config) -> Result<Looked, Failure> {
    present(config)?;
    let options = SqliteOptions {
        migrate: false,
        ..SqliteOptions::new(&config.db_path, Arc::new(SystemClock))
    };
    let store = SqliteStore::open(options).map_err(|error| match error {
        OpenError::Locked { .. } => Failure::Usage(format!(
            "error: {} is in use: stop the process that works on it, then repair",
            config.db_path.display()
        )),
        error => unchecked(error),
    })?;
    let report = verify(&store, &registry(config), SystemClock.now(), true).await;
    let closed = store.close().await;
    let report = report.map_err(unchecked)?;
    closed.map_err(unchecked)?;
    Ok(Looked {
        report,
        how: "held by this command",
    })
}

fn present(config: &Config) -> Result<(), Failure> {
    if config.db_path.exists() {
        return Ok(());
    }
    let path = config.db_path.display();
    Err(Failure::Usage(format!("error: there is no store at {path}")))
}

/// Exit code 2: nothing can be said of the store.
fn unchecked(error: impl Into<anyhow::Error>) -> Failure {
    let error = error.into();
    Failure::Usage(format!("error: the store could not be checked: {error:#}"))
}

fn print(context: &Context, config: &Config, looked: &Looked) -> Result<(), Failure> {
    let Looked { report, how } = looked;
    if context.global.json {
        return context.out.json(&document(config, looked));
    }
    let out = &context.out;
    out.line(&format!(
        "{} ({how}): {} runs, {} events, {} approvals",
        config.db_path.display(),
        report.runs,
        report.events,
        report.approvals
    ))?;
    for finding in &report.findings {
        let whose = finding
            .run
            .map_or_else(|| "the store".to_owned(), |run| run.to_string());
        let state = if finding.repaired { "repaired" } else { "found" };
        out.line(&format!(
            "{state:<9} {:<19} {whose}: {}",
            finding.kind.as_str(),
            finding.detail
        ))?;
    }
    for (kind, (found, repaired)) in &report.totals {
        out.line(&format!(
            "{:<19} {found} found, {repaired} repaired{}",
            kind.as_str(),
            hint(*kind, *found, *repaired)
        ))?;
    }
    if report.totals.is_empty() {
        out.line("nothing is wrong")?;
    }
    Ok(())
}

fn hint(kind: VerifyFindingKind, found: u64, repaired: u64) -> &'static str {
    if found == repaired {
        ""
    } else if kind == VerifyFindingKind::Strays {
        "; `seawall verify --repair` deletes them, but no journal entries"
    } else if kind.is_repairable() {
        "; `seawall verify --repair` mends it, as far as the journals can be read"
    } else {
        "; this does not follow from a journal and is not repaired"
    }
}

fn document(config: &Config, looked: &Looked) -> Value {
    let report = &looked.report;
    let findings = report.findings.iter().map(|finding| {
        json!({
            "kind": finding.kind.as_str(),
            "run_id": finding.run.map(|run| run.to_string()),
            "detail": finding.detail,
            "repaired": finding.repaired,
        })
    });
    let totals = report.totals.iter().map(|(kind, (found, repaired))| {
        (
            kind.as_str().to_owned(),
            json!({ "found": found, "repaired": repaired }),
        )
    });
    json!({
        "path": config.db_path,
        "store": looked.how,
        "clean": report.is_clean(),
        "runs": report.runs,
        "events": report.events,
        "approvals": report.approvals,
        "findings": findings.collect::<Vec<_>>(),
        "totals": totals.collect::<serde_json::Map<_, _>>(),
    })
}
