//! `cargo xtask report`: does the example in the README do what it says?
//!
//! Runs `examples/repo-report.yaml` with the debug binary, over a tree made for it, twice on one fresh data folder, and
//! holds the report it wrote against counts of our own. The look is at content, not at layout: the example may be
//! rearranged.

mod check;
mod tree;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::cargo::{SCOPE, cargo, must_succeed, root};
use crate::metadata::Metadata;
use crate::verdict::settle;
use check::Wanted;

const EXAMPLE: &str = "examples/repo-report.yaml";

/// What the example writes into the tree.
const REPORT: &str = "repo-report.md";

/// One run takes a second or two.
const TIME_LIMIT: Duration = Duration::from_secs(120);

const POLL: Duration = Duration::from_millis(20);

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    // The scope of the tests: after them nothing is left to build but the binary itself.
    must_succeed(cargo("build").args(SCOPE).arg("--quiet"))?;
    let binary = Metadata::of_workspace()?
        .target_directory
        .join("debug")
        .join(exe("seawall"));

    let scratch = tempfile::tempdir().context("make a temporary folder")?;
    let tree = scratch.path().join("tree");
    tree::plant(&tree).context("make the tree to report on")?;
    let wanted = Wanted::of(&tree::FILES);

    let first = one_report(&binary, &tree, scratch.path(), "first")?;
    let mut findings = wanted.check(&first);
    findings.extend(tree::changes(&tree, REPORT)?);
    let second = one_report(&binary, &tree, scratch.path(), "second")?;
    if first != second {
        findings.push("the second run wrote another report".to_owned());
    }
    if !findings.is_empty() {
        println!("report: this is what it wrote:\n{first}");
    }
    settle("report", &findings, &format!("{wanted}, and the same once more"))
}

fn exe(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}

/// Runs the example and reads what it wrote.
fn one_report(binary: &Path, tree: &Path, scratch: &Path, name: &str) -> anyhow::Result<String> {
    let mut input = std::ffi::OsString::from("root=");
    input.push(tree);
    let (out, err) = (scratch.join(format!("{name}.out")), scratch.join(format!("{name}.err")));
    let mut command = Command::new(binary);
    command
        .args(["run", EXAMPLE, "--json", "--input"])
        .arg(input)
        .env("DATA_DIR", scratch.join("data"))
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?);
    let ended = within(TIME_LIMIT, &mut command).with_context(|| format!("run {}", binary.display()));
    let (out, err) = (fs::read(&out)?, fs::read(&err)?);
    let said = || {
        format!(
            "the {name} run said:\n{}{}",
            String::from_utf8_lossy(&out),
            String::from_utf8_lossy(&err)
        )
    };
    if !ended.with_context(said)?.success() {
        bail!("{EXAMPLE} failed; {}", said());
    }
    check::is_json(&out).with_context(said)?;
    let path: PathBuf = tree.join(REPORT);
    fs::read_to_string(&path).with_context(|| format!("read {REPORT}; {}", said()))
}

/// Waits for the child; kills it when it takes longer.
fn within(limit: Duration, command: &mut Command) -> anyhow::Result<std::process::ExitStatus> {
    let mut child = command.spawn()?;
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if begun.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("it did not end within {} s", limit.as_secs());
        }
        std::thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_does_not_end_is_killed() {
        let mut endless = Command::new("sleep");
        let error = within(Duration::ZERO, endless.arg("600")).unwrap_err();
        assert!(error.to_string().contains("did not end"), "{error}");
    }
}
