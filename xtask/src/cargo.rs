//! Cargo as a child, always asked for the same thing.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// What every task builds. One set of packages and features and one profile, so that clippy, the tests and the binary
/// share every dependency, and nothing is built twice.
pub(crate) const SCOPE: [&str; 3] = ["--workspace", "--all-features", "--locked"];

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// `cargo VERB`, in the workspace's folder, without an input.
pub(crate) fn cargo(verb: &str) -> Command {
    // Cargo names itself to what it runs: the same toolchain goes on.
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.arg(verb).current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs to the end, with our output as its own.
pub(crate) fn must_succeed(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("start {}", shown(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", shown(command));
    }
    Ok(())
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words: Vec<_> = std::iter::once(program)
        .chain(command.get_args())
        .map(std::ffi::OsStr::to_string_lossy)
        .collect();
    words.join(" ")
}
