//! `cargo xtask ci`: every check, in order, each with its time.
//!
//! A failed step does not stop the ones after it, so that one round shows everything there is to mend. The last line is
//! that of the tests, `N passed, N failed`; the line before it names the steps that failed.

use std::process::ExitCode;
use std::time::Instant;

use crate::cargo::{SCOPE, cargo, must_succeed};
use crate::test::Tally;
use crate::{deps, features, report, test, tidy};

/// A check and its name. It may count tests.
type Step = (&'static str, fn(&mut Tally) -> anyhow::Result<()>);

const STEPS: [Step; 7] = [
    ("format", |_| must_succeed(cargo("fmt").args(["--all", "--check"]))),
    ("clippy", |_| clippy()),
    ("features", |_| features::run().map(drop)),
    ("deps", |_| deps::run().map(drop)),
    ("tidy", |_| tidy::run().map(drop)),
    ("test", test::count_into),
    ("report", |_| report::run().map(drop)),
];

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let mut tally = Tally::default();
    let mut failed = Vec::new();
    let mut lines = Vec::new();
    for (name, step) in STEPS {
        println!("\n=== {name}");
        let begun = Instant::now();
        let outcome = step(&mut tally);
        let seconds = begun.elapsed().as_secs_f64();
        let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
        if let Err(error) = outcome {
            println!("{error:#}");
            failed.push(name);
        }
        println!("=== {name}: {verdict} in {seconds:.1} s");
        lines.push(format!("{name:<8} {verdict:<6} {seconds:>7.1} s"));
    }
    println!("\n{}", lines.join("\n"));
    if failed.is_empty() {
        println!("ci: ok");
    } else {
        println!("ci: FAILED: {}", failed.join(", "));
    }
    println!("{tally}");
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Warnings become errors for clippy alone: as a compiler flag of the whole build they would rebuild every dependency.
fn clippy() -> anyhow::Result<()> {
    must_succeed(
        cargo("clippy")
            .args(SCOPE)
            .args(["--all-targets", "--", "-D", "warnings"]),
    )
}
