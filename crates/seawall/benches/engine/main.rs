//! `cargo xtask bench engine`: what the durable engine reaches on this machine, beside what its disk allows.
//!
//! The server is the release binary in a process of its own; the load comes from this one, over loopback. The raw limit
//! is measured on the same disk in the same run: callers that run one step's append through the store's writer and wait.
//! The figures are printed as one JSON document on standard output; progress goes to standard error.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose result is what it prints"
)]
#![expect(clippy::disallowed_methods, reason = "it measures time and spawns callers")]

mod client;
mod flows;
mod history;
mod idle;
mod parked;
mod raw;
mod server;
mod stats;
mod workers;

use clap::Parser;
use serde_json::{Value, json};

/// Sizes of the measurement.
#[derive(Parser, Debug)]
#[command(name = "engine")]
struct Args {
    /// Seconds of load for each figure.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Sleeping runs for the memory figure.
    #[arg(long, default_value_t = 100_000)]
    parked: usize,
    /// Finished runs for the figure with a history, and unfinished ones for the start.
    #[arg(long, default_value_t = 1_000_000)]
    finished: usize,
    #[arg(long, default_value_t = 100_000)]
    unfinished: usize,
    /// Measure only these (raw, flows, fan-out, workers, idle, parked, history, restart).
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only put this flow (idempotent, read, pure, tasks, tasks-batched) under load: for a profiler.
    #[arg(long)]
    profile: Option<String>,
    /// Where the files lie; the disk there is what is measured. A folder in it is made and removed.
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    dir: std::path::PathBuf,
    /// Given by `cargo bench`; says nothing here.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Args {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::Builder::new().prefix("bench-engine-").tempdir_in(&args.dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    if let Some("tasks" | "tasks-batched") = args.profile.as_deref() {
        let batched = args.profile.as_deref() == Some("tasks-batched");
        return runtime.block_on(workers::profile(folder.path(), args.seconds, batched));
    }
    if let Some(effect) = &args.profile {
        return runtime.block_on(flows::profile(folder.path(), effect, args.seconds));
    }
    let mut report = serde_json::Map::new();
    report.insert("cores".to_owned(), json!(std::thread::available_parallelism()?.get()));
    let raw = if args.wants("raw") || args.wants("flows") {
        let raw = runtime.block_on(raw::measure(folder.path(), args.seconds))?;
        report.insert("raw".to_owned(), raw.to_json());
        Some(raw)
    } else {
        None
    };
    if let (true, Some(raw)) = (args.wants("flows"), &raw) {
        report.insert(
            "flows".to_owned(),
            runtime.block_on(flows::measure(folder.path(), args.seconds, raw))?,
        );
    }
    if args.wants("fan-out") {
        report.insert("fan_out".to_owned(), runtime.block_on(flows::fan_out(folder.path()))?);
    }
    if args.wants("workers") {
        let workers = runtime.block_on(workers::measure(folder.path(), args.seconds))?;
        report.insert("workers".to_owned(), workers);
    }
    if args.wants("idle") {
        report.insert("idle".to_owned(), runtime.block_on(idle::measure(folder.path()))?);
    }
    if args.wants("parked") {
        report.insert(
            "parked".to_owned(),
            runtime.block_on(parked::measure(folder.path(), args.parked))?,
        );
    }
    if args.wants("history") {
        report.insert(
            "history".to_owned(),
            runtime.block_on(history::measure(folder.path(), args.finished, args.seconds))?,
        );
    }
    if args.wants("restart") {
        report.insert(
            "restart".to_owned(),
            runtime.block_on(history::restart(folder.path(), args.unfinished))?,
        );
    }
    println!("{}", serde_json::to_string_pretty(&Value::Object(report))?);
    Ok(())
}
