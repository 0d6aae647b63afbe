//! `cargo xtask report`: does the example in the README do what it says?
//!
//! Runs `examples/repo-report.yaml` with the debug binary, over a tree made for it, twice on one fresh data folder, and
//! holds the report it wrote against counts of our own. The look is at content, not at layout: the example may be
//! rearranged.

mod check;
mod tree;

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

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

    let first = one_report(Command::new(&binary), &tree, scratch.path(), "first")?;
    let mut findings = wanted.check(&first);
    findings.extend(tree::changes(&tree, REPORT)?);
    let second = one_report(Command::new(&binary), &tree, scratch.path(), "second")?;
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

/// Runs the example with `seawall` and reads what it wrote.
fn one_report(mut seawall: Command, tree: &Path, scratch: &Path, name: &str) -> anyhow::Result<String> {
    let mut input = OsString::from("root=");
    input.push(tree);
    let (out, err) = (scratch.join(format!("{name}.out")), scratch.join(format!("{name}.err")));
    seawall
        .args(["run", EXAMPLE, "--json", "--input"])
        .arg(input)
        .env("DATA_DIR", scratch.join("data"))
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?);
    let ended = within(TIME_LIMIT, &mut seawall);
    let (out, err) = (fs::read(&out)?, fs::read(&err)?);
    read_report(ended, &out, tree).with_context(|| {
        let (out, err) = (String::from_utf8_lossy(&out), String::from_utf8_lossy(&err));
        format!("{name} run of {EXAMPLE}\n--- its output\n{out}\n--- its errors\n{err}\n---")
    })
}

fn read_report(ended: anyhow::Result<ExitStatus>, out: &[u8], tree: &Path) -> anyhow::Result<String> {
    let status = ended?;
    ensure!(status.success(), "it failed: {status}");
    check::is_json(out)?;
    fs::read_to_string(tree.join(REPORT)).with_context(|| format!("it wrote no {REPORT}"))
}

/// Waits for the child; kills it when it takes longer.
fn within(limit: Duration, command: &mut Command) -> anyhow::Result<ExitStatus> {
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

    /// What the example does, as a script in the binary's place: a right report.
    const RIGHT: &str = r##"
        for argument; do case $argument in root=*) root=${argument#root=} ;; esac; done
        mkdir -p "$DATA_DIR" && cd "$root" || exit 1
        find . \( -name .git -o -name target \) -prune -o -type f ! -name repo-report.md -print | while read -r file; do
            echo "| $file | $(wc -l <"$file") | $(grep -c TODO "$file") |"
        done >"$DATA_DIR/rows"
        { cat "$DATA_DIR/rows"; echo "239 lines, 32 TODOs"; } >repo-report.md
        echo '{"status": "succeeded"}'
    "##;

    fn with_script(script: &str) -> anyhow::Result<Vec<String>> {
        let scratch = tempfile::tempdir()?;
        let tree = scratch.path().join("tree");
        tree::plant(&tree)?;
        let mut command = Command::new("sh");
        command.args(["-c", script, "seawall"]);
        let report = one_report(command, &tree, scratch.path(), "test")?;
        Ok(Wanted::of(&tree::FILES).check(&report))
    }

    #[test]
    fn a_program_that_does_what_the_example_says_passes() {
        assert_eq!(with_script(RIGHT).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_program_that_looks_into_target_does_not() {
        let found = with_script(&RIGHT.replace("-o -name target", "")).unwrap();
        assert_eq!(
            found,
            [
                "the report knows target/built.rs, which is to be left out",
                "the report knows target/debug/deps/artifact.rs, which is to be left out"
            ]
        );
    }

    #[test]
    fn a_program_that_fails_prints_no_json_or_writes_nothing_is_told_with_what_it_said() {
        for (script, why) in [
            ("echo oh no; exit 3", "it failed: exit status: 3"),
            ("echo oh no", "--json printed something else"),
            (":", "--json printed nothing"),
            ("echo '\"oh no\"'", "it wrote no repo-report.md"),
        ] {
            let error = format!("{:#}", with_script(script).unwrap_err());
            assert!(error.contains(why), "{error}");
            assert!(script == ":" || error.contains("oh no"), "{error}");
        }
    }

    #[test]
    fn a_child_that_does_not_end_is_killed() {
        let mut endless = Command::new("sleep");
        let error = within(Duration::ZERO, endless.arg("600")).unwrap_err();
        assert!(error.to_string().contains("did not end"), "{error}");
    }
}
