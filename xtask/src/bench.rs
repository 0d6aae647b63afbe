//! `cargo xtask bench WHAT`: measurements, as JSON on standard output.
//!
//! They print ratios beside absolute figures, and what the disk of this machine allows in the same run. They are no tests:
//! nothing fails because a machine is slow.

use std::process::ExitCode;

use clap::ValueEnum;

use crate::cargo::{cargo, must_succeed};

/// What is measured.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum What {
    /// The durable engine on the embedded store, over HTTP
    Engine,
    /// What the guards cost, beside bare axum
    Guard,
}

pub(crate) fn run(what: What, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let (package, bench) = match what {
        What::Engine => ("seawall", "engine"),
        What::Guard => ("seawall-server", "guard"),
    };
    must_succeed(
        cargo("bench")
            .args(["--locked", "--package", package, "--bench", bench, "--"])
            .args(arguments),
    )?;
    Ok(ExitCode::SUCCESS)
}
