//! `seawall migrate`.

use seawall_store_sqlite::{AppliedMigration, OpenError, migrate, status};
use serde_json::{Value, json};

use super::Done;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

#[derive(clap::Args, Debug)]
pub(crate) struct Migrate {
    /// Only say what is applied and what is pending
    #[arg(long)]
    status: bool,
}

impl Migrate {
    pub(super) fn execute(self, context: &Context) -> Done {
        let config = context.config()?;
        let path = &config.db_path;
        if self.status {
            if !path.exists() {
                let text = format!("error: there is no store at {}", path.display());
                return Err(Failure::Usage(text));
            }
            let status = status(path).map_err(explain)?;
            if context.global.json {
                let value = json!({"applied": list(&status.applied), "pending": list(&status.pending)});
                context.out.json(&value)?;
                return Ok(Exit::Done);
            }
            for (what, migrations) in [("applied", &status.applied), ("pending", &status.pending)] {
                for migration in migrations {
                    context
                        .out
                        .line(&format!("{what}  {:04}  {}", migration.version, migration.name))?;
                }
            }
            return Ok(Exit::Done);
        }
        if let Some(folder) = path.parent() {
            crate::data_dir::make(folder).map_err(|error| Failure::Other(error.into()))?;
        }
        let report = migrate(path).map_err(explain)?;
        if context.global.json {
            let value = json!({"from": report.from, "to": report.to, "applied": list(&report.applied)});
            context.out.json(&value)?;
        } else if report.applied.is_empty() {
            context
                .out
                .line(&format!("{} is at version {}", path.display(), report.to))?;
        } else {
            let line = format!("{}: from version {} to {}", path.display(), report.from, report.to);
            context.out.line(&line)?;
        }
        Ok(Exit::Done)
    }
}

fn list(migrations: &[AppliedMigration]) -> Vec<Value> {
    let one = |migration: &AppliedMigration| json!({"version": migration.version, "name": migration.name});
    migrations.iter().map(one).collect()
}

fn explain(error: OpenError) -> Failure {
    let is_locked = matches!(error, OpenError::Locked { .. });
    let error = anyhow::Error::from(error);
    Failure::Other(if is_locked {
        error.context("stop the process that serves this store first")
    } else {
        error
    })
}
