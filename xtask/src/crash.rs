//! `cargo xtask crash --kills N --seed S`: the crash test in its long form, or once more with the seed of one that failed.

use std::process::ExitCode;

use clap::Args;

use crate::cargo::{SCOPE, cargo, must_succeed};

#[derive(Args)]
pub(crate) struct Crash {
    /// How often the server dies
    #[arg(long, default_value_t = 500)]
    kills: u64,
    /// What the programs, the load and the moments of death follow from; else drawn, and printed
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(crash: &Crash) -> anyhow::Result<ExitCode> {
    let mut test = cargo("test");
    test.args(SCOPE)
        .args(["--test", "crash", "--", "--nocapture"])
        .env("SEAWALL_CRASH_KILLS", crash.kills.to_string());
    if let Some(seed) = crash.seed {
        test.env("SEAWALL_CRASH_SEED", seed.to_string());
    }
    must_succeed(&mut test)?;
    Ok(ExitCode::SUCCESS)
}
