//! Tests that need a process of their own.

use std::process::Command;

/// Runs an ignored test of this binary, and gives all it wrote.
pub(crate) fn run_alone(test: &str) -> String {
    let own = std::env::current_exe().unwrap();
    let arguments = [test, "--exact", "--ignored", "--nocapture"];
    let output = Command::new(own).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let text = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    text
}
