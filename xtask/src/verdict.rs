//! What a check found: one line per finding, then a verdict.

use std::process::ExitCode;

use anyhow::bail;

/// Prints the findings of the check `name` and fails if there are any.
pub(crate) fn settle<F: std::fmt::Display>(name: &str, findings: &[F], good: &str) -> anyhow::Result<ExitCode> {
    for finding in findings {
        println!("{name}: {finding}");
    }
    match findings.len() {
        0 => println!("{name}: ok, {good}"),
        1 => bail!("{name}: 1 finding"),
        n => bail!("{name}: {n} findings"),
    }
    Ok(ExitCode::SUCCESS)
}
