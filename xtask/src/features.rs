//! `cargo xtask features`: does each guard compile alone?
//!
//! A user of `seawall-guard` takes the guards they want. What one of them forgets to ask for, the workspace's build gives it by
//! way of another: only a check with nothing else shows it. `cargo check` of one package into the shared target folder: the
//! dependencies are checked once.

use std::process::ExitCode;

use anyhow::Context as _;

use crate::cargo::{cargo, must_succeed};
use crate::metadata::Metadata;
use crate::verdict::settle;

const PACKAGE: &str = "seawall-guard";

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let metadata = Metadata::of_workspace()?;
    let package = metadata.rooms().find(|package| package.name == PACKAGE);
    let features: Vec<_> = package
        .with_context(|| format!("there is no {PACKAGE}"))?
        .features
        .keys()
        .filter(|name| *name != "default")
        .collect();
    let alone = features.iter().map(|feature| feature.as_str());
    let failed: Vec<_> = std::iter::once("")
        .chain(alone)
        .filter(|feature| !compiles(feature))
        .collect();
    let findings: Vec<_> = failed
        .iter()
        .map(|feature| format!("{PACKAGE} does not compile with `--no-default-features --features \"{feature}\"`"))
        .collect();
    settle(
        "features",
        &findings,
        &format!("{PACKAGE} with none and with each of {}", features.len()),
    )
}

/// What is wrong is cargo's to print.
fn compiles(feature: &str) -> bool {
    let outcome = must_succeed(cargo("check").args([
        "--quiet",
        "--locked",
        "--package",
        PACKAGE,
        "--no-default-features",
        "--features",
        feature,
    ]));
    outcome.is_ok()
}
