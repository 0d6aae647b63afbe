//! `cargo xtask test`: every test of the workspace, and one line that sums them up.
//!
//! Cargo's output passes through as it comes. All binaries run, also after one that failed, so that the sum is one of
//! all tests.

mod tally;

use std::io::{BufRead, BufReader, Write};
use std::process::{ExitCode, Stdio};

use anyhow::{Context, bail};

use crate::cargo::{SCOPE, cargo};
pub(crate) use tally::Tally;

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let mut tally = Tally::default();
    let outcome = count_into(&mut tally);
    if let Err(error) = &outcome {
        println!("test: {error:#}");
    }
    println!("{tally}");
    Ok(if outcome.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs the tests and adds what they say. An error when one failed, and also when cargo or a test binary ended badly
/// without a failed test.
pub(crate) fn count_into(tally: &mut Tally) -> anyhow::Result<()> {
    let mut command = cargo("test");
    command.args(SCOPE).arg("--no-fail-fast").stdout(Stdio::piped());
    let mut child = command.spawn().context("start cargo test")?;
    let output = child.stdout.take().context("cargo test has an output")?;
    let passed_on = pass_on(output, &mut std::io::stdout().lock(), tally);
    let status = child.wait().context("wait for cargo test")?;
    passed_on.context("pass on what cargo test says")?;

    if tally.ignored() > 0 {
        println!("test: {} ignored", tally.ignored());
    }
    if tally.failed() > 0 {
        bail!("{} failed", tally.failed());
    }
    if !status.success() {
        bail!("cargo test failed without a failed test ({status}): a crate did not build, or a test binary died");
    }
    if tally.passed() == 0 {
        bail!("not one test ran");
    }
    Ok(())
}

/// Copies line by line, whatever the bytes are, and counts what it understands.
fn pass_on(from: impl std::io::Read, to: &mut impl Write, tally: &mut Tally) -> std::io::Result<()> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        tally.read_line(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_passes_through_and_the_results_of_all_binaries_are_summed() {
        let said = b"running 2 tests\ntest a ... ok\n\xff\xfe\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; \
            0 filtered out; finished in 0.00s\n\ntest result: FAILED. 3 passed; 4 failed; 0 ignored; 0 measured; 0 filtered \
            out; finished in 1.02s\nno newline at the end";
        let mut out = Vec::new();
        let mut tally = Tally::default();
        pass_on(said.as_slice(), &mut out, &mut tally).unwrap();
        assert_eq!(out, said);
        assert_eq!(tally.to_string(), "5 passed, 4 failed");
        assert_eq!(tally.ignored(), 1);
    }
}
