//! Development tasks, as `cargo xtask TASK`: one folder or file per task, one line of dispatch here.
//!
//! Rust rather than shell, so that they run wherever the project builds and are tested like the rest. What a task
//! checks it checks with the workspace's own tools: only a Rust toolchain and a C compiler are assumed.
//!
//! To add a task: a module with `run(…) -> anyhow::Result<ExitCode>`, a variant of `Task`, an arm in `main`.

#![expect(clippy::print_stdout, reason = "a task talks to its terminal")]

mod bench;
mod cargo;
mod ci;
mod crash;
mod deps;
mod features;
mod metadata;
mod report;
mod test;
mod tidy;
mod verdict;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Development tasks of Seawall"
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything CI does, in its order: formatting, clippy, features, deps, tidy, test, report
    Ci,
    /// All tests of the workspace; ends with `N passed, N failed`
    Test,
    /// Arrows between crates, SQL outside the stores, forbidden calls, lints, file sizes
    Tidy,
    /// Licences, sources and duplicates of the dependencies
    Deps,
    /// Each guard compiles alone
    Features,
    /// Measures: `bench engine -- --help` shows the sizes
    Bench {
        what: bench::What,
        /// For the measurement itself
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Runs examples/repo-report.yaml with the debug binary and checks what it wrote
    Report,
    /// Kills a server under load again and again and holds its journals against the world
    Crash(crash::Crash),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Ci => ci::run(),
        Task::Test => test::run(),
        Task::Tidy => tidy::run(),
        Task::Deps => deps::run(),
        Task::Features => features::run(),
        Task::Bench { what, arguments } => bench::run(what, &arguments),
        Task::Report => report::run(),
        Task::Crash(crash) => crash::run(&crash),
    };
    // Shown by hand: `main` would add a backtrace where the environment asks for one, and bury what was found.
    outcome.unwrap_or_else(|error| {
        println!("error: {error:#}");
        ExitCode::FAILURE
    })
}
