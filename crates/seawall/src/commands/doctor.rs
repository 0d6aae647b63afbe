//! `seawall doctor`: what works, what does not, what to change.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use seawall_server::{Config, connections_at_most};
use seawall_store_sqlite::status;
use serde_json::json;

use super::{Done, doctor_safety};
use crate::client::ServerFile;
use crate::compose::{Foundation, OpenStoreError};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

#[derive(clap::Args, Debug)]
pub(crate) struct Doctor {}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Grade {
    Fine,
    Remark,
    Bad,
}

pub(super) struct Finding {
    check: &'static str,
    grade: Grade,
    /// What is, and what to change.
    text: String,
}

impl Finding {
    pub(super) fn new(check: &'static str, grade: Grade, text: impl Into<String>) -> Self {
        Self {
            check,
            grade,
            text: text.into(),
        }
    }
}

/// A commit that takes longer is felt in every durable step.
const SLOW_SYNC: Duration = Duration::from_millis(20);
const SYNCS: usize = 40;

impl Doctor {
    pub(super) fn execute(self, context: &Context) -> Done {
        let findings = match context.config() {
            Ok(config) => examine(&config),
            Err(failure) => vec![Finding::new("configuration", Grade::Bad, failure.text())],
        };
        report(context, &findings)?;
        let is_well = findings.iter().all(|finding| finding.grade != Grade::Bad);
        Ok(if is_well { Exit::Done } else { Exit::Failed })
    }
}

fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![Finding::new(
        "configuration",
        Grade::Fine,
        format!("ENVIRONMENT is {}, every variable makes sense", config.environment),
    )];
    findings.push(retention(config));
    findings.extend(doctor_safety::examine(config));
    findings.extend(switches(config));
    for warning in &config.warnings {
        findings.push(Finding::new("configuration", Grade::Remark, warning.clone()));
    }
    match folder(&config.data_dir) {
        Ok(found) => {
            findings.push(found);
            findings.push(sync_speed(&config.data_dir));
            findings.push(store(config));
        }
        Err(bad) => findings.push(bad),
    }
    findings.push(port(config));
    findings.push(open_files());
    findings
}

/// As they are where the doctor is called; a unit of systemd or a container may have others.
fn open_files() -> Finding {
    match connections_at_most() {
        (room, wanted) if room < wanted => {
            let text = format!(
                "the limit of open files leaves room for {room} connections of {wanted}: raise it (ulimit -Hn, LimitNOFILE)"
            );
            Finding::new("open files", Grade::Remark, text)
        }
        (room, _) => Finding::new(
            "open files",
            Grade::Fine,
            format!("there is room for {room} connections"),
        ),
    }
}

fn retention(config: &Config) -> Finding {
    let text = match config.run_retention {
        Some(keep) => format!("runs are kept for {} after their end (RUN_RETENTION)", words(keep)),
        None => "runs are kept for ever (RUN_RETENTION is 0): the store grows with every run".to_owned(),
    };
    Finding::new("retention", Grade::Fine, text)
}

/// What helps on a development machine and shows the inside of a service elsewhere.
fn switches(config: &Config) -> Vec<Finding> {
    let switches = [
        (
            config.profiling,
            "ENABLE_PROFILING",
            "requests may ask where their time went",
        ),
        (
            config.test_endpoints,
            "ENABLE_TEST_ENDPOINTS",
            "requests may ask for errors",
        ),
        (
            config.log_bodies > 0,
            "LOG_BODIES",
            "bodies stand in the log, masked as well as can be",
        ),
    ];
    let on = switches
        .into_iter()
        .filter(|(on, ..)| *on && !config.environment.is_dev());
    on.map(|(_, name, what)| Finding::new("configuration", Grade::Remark, format!("{name} is on: {what}")))
        .collect()
}

/// In the largest unit that leaves nothing over.
fn words(time: Duration) -> String {
    let millis = time.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    let unit = units.into_iter().find(|(length, _)| millis.is_multiple_of(*length));
    let (length, name) = unit.unwrap_or((1, "ms"));
    format!("{}{name}", millis / length)
}

fn folder(data_dir: &Path) -> Result<Finding, Finding> {
    let shown = data_dir.display();
    let bad = |text: String| Finding::new("data folder", Grade::Bad, text);
    crate::data_dir::make(data_dir).map_err(|error| {
        bad(format!(
            "{shown} cannot be made: {error}. Set DATA_DIR to a folder that can"
        ))
    })?;
    let probe = data_dir.join(".doctor");
    fs::write(&probe, b"probe").map_err(|error| {
        bad(format!(
            "{shown} cannot be written to: {error}. Give this user the right, or set DATA_DIR"
        ))
    })?;
    // It is empty of meaning; the next probe writes over it.
    let _ = fs::remove_file(&probe);
    Ok(Finding::new(
        "data folder",
        Grade::Fine,
        format!("{shown} can be written to"),
    ))
}

/// How long one durable write takes, at the median.
fn sync_speed(data_dir: &Path) -> Finding {
    let path = data_dir.join(".doctor-sync");
    let measured = (|| {
        let mut file = File::create(&path)?;
        let mut took = Vec::with_capacity(SYNCS);
        for _ in 0..SYNCS {
            file.write_all(&[7; 4096])?;
            let begun = Instant::now();
            file.sync_data()?;
            took.push(begun.elapsed());
        }
        took.sort_unstable();
        std::io::Result::Ok(took[took.len() / 2])
    })();
    let _ = fs::remove_file(&path);
    match measured {
        Ok(median) => {
            let text = format!("a flush takes {:.2} ms at the median", median.as_secs_f64() * 1e3);
            if median < SLOW_SYNC {
                Finding::new("disk", Grade::Fine, text)
            } else {
                let hint = format!("{text}: every durable step waits for one. Put DATA_DIR on a faster local disk");
                Finding::new("disk", Grade::Remark, hint)
            }
        }
        Err(error) => Finding::new("disk", Grade::Bad, format!("a flush failed: {error}")),
    }
}

fn store(config: &Config) -> Finding {
    let path = config.db_path.display();
    if !config.db_path.exists() {
        return Finding::new(
            "store",
            Grade::Fine,
            format!("{path} does not exist yet; the first start makes it"),
        );
    }
    let version = match status(&config.db_path) {
        Ok(status) if status.pending.is_empty() => "is at this program's version".to_owned(),
        Ok(status) => format!(
            "needs {} migrations, which `seawall serve` or `seawall migrate` applies",
            status.pending.len()
        ),
        Err(error) => return Finding::new("store", Grade::Bad, format!("{:#}", anyhow::Error::from(error))),
    };
    match Foundation::probe(&config.db_path) {
        Ok(()) => Finding::new("store", Grade::Fine, format!("{path} {version}, nobody holds it")),
        Err(OpenStoreError::Locked { .. }) => match ServerFile::read(&config.data_dir) {
            Some(file) => {
                let text = format!(
                    "{path} {version}; the server at {} (process {}) holds it",
                    file.url, file.pid
                );
                Finding::new("store", Grade::Fine, text)
            }
            None => Finding::new(
                "store",
                Grade::Remark,
                format!("{path} {version}; another command holds it"),
            ),
        },
        Err(error) => Finding::new("store", Grade::Bad, format!("{:#}", anyhow::Error::from(error))),
    }
}

fn port(config: &Config) -> Finding {
    let address = config.listen_address();
    match TcpListener::bind(address) {
        Ok(_) => Finding::new("port", Grade::Fine, format!("{address} is free")),
        Err(error) => {
            let own = ServerFile::read(&config.data_dir).filter(|file| file.url == format!("http://{address}"));
            match own {
                Some(file) => Finding::new(
                    "port",
                    Grade::Fine,
                    format!("{address} is this folder's server, process {}", file.pid),
                ),
                None => Finding::new(
                    "port",
                    Grade::Bad,
                    format!("{address} cannot be had: {error}. Set PORT to another one"),
                ),
            }
        }
    }
}

fn report(context: &Context, findings: &[Finding]) -> Result<(), Failure> {
    let word = |grade| match grade {
        Grade::Fine => "ok",
        Grade::Remark => "warning",
        Grade::Bad => "problem",
    };
    if context.global.json {
        let list = findings
            .iter()
            .map(|finding| json!({"check": finding.check, "result": word(finding.grade), "detail": finding.text}));
        return context.out.json(&json!({"checks": list.collect::<Vec<_>>()}));
    }
    for finding in findings {
        context.out.line(&format!(
            "{:<8} {:<14} {}",
            word(finding.grade),
            finding.check,
            finding.text
        ))?;
    }
    Ok(())
}
