//! Commands that behave.

use std::os::unix::fs::symlink;

use seawall_engine::EffectClass::Once;
use seawall_engine::Outcome;
use serde_json::json;

use crate::support::{Rig, code, failed, not_begun, succeeded, unknown};

#[tokio::test]
async fn a_command_gives_exit_code_both_streams_and_lines() {
    let output = succeeded(Rig::new().sh("printf 'a\\nb\\r\\n\\nc'; printf err >&2").await);
    assert_eq!(
        output,
        json!({"exit_code": 0, "stdout": "a\nb\r\n\nc", "stderr": "err", "stdout_lines": ["a", "b", "", "c"]})
    );
}

#[tokio::test]
async fn no_shell_reads_the_arguments() {
    let with = json!({"argv": ["printf", "%s|", "$HOME", "*", "a b", "; true", 7, true]});
    assert_eq!(
        succeeded(Rig::new().command(with).await)["stdout"],
        "$HOME|*|a b|; true|7|true|"
    );
}

#[tokio::test]
async fn the_environment_is_the_commands_own() {
    let rig = Rig::new();
    let output = succeeded(
        rig.command(json!({"argv": ["env"], "env": {"A": "1", "LANG": "de"}}))
            .await,
    );
    let mut lines: Vec<String> = serde_json::from_value(output["stdout_lines"].clone()).expect("lines");
    lines.sort_unstable();
    let marker = format!(
        "SEAWALL_ATTEMPT={}:{}:{}:step",
        rig.config.installation.as_str(),
        rig.config.node,
        rig.run
    );
    // A shell would add more; env is started directly.
    assert_eq!(
        lines,
        ["A=1", "HOME=/", "LANG=de", "PATH=/usr/local/bin:/usr/bin:/bin", &marker]
    );
}

#[tokio::test]
async fn stdin_is_what_the_step_gives_and_else_empty() {
    let rig = Rig::new();
    let given = json!({"argv": ["cat"], "stdin": "héllo"});
    assert_eq!(succeeded(rig.command(given).await)["stdout"], "héllo");
    assert_eq!(succeeded(rig.command(json!({"argv": ["cat"]})).await)["stdout"], "");
}

#[tokio::test]
async fn bytes_that_are_not_text_become_replacement_characters() {
    assert_eq!(
        succeeded(Rig::new().sh("printf 'a\\377b'").await)["stdout"],
        "a\u{fffd}b"
    );
}

#[tokio::test]
async fn a_non_zero_exit_fails_and_quotes_the_end_of_stderr() {
    let error = failed(Rig::new().sh("seq 1 5000 >&2; exit 75").await);
    assert_eq!((code(&error), error.retryable), ("exit-code-75", true));
    let quoted = "4991\n4992\n4993\n4994\n4995\n4996\n4997\n4998\n4999\n5000";
    assert_eq!(error.message, format!("`sh` exited with code 75: {quoted}"));
}

#[tokio::test]
async fn a_command_killed_from_outside_is_unknown() {
    let error = unknown(Rig::new().sh("kill -9 $$").await);
    assert_eq!(code(&error), "killed-by-signal-9");
}

#[tokio::test]
async fn a_missing_program_did_not_begin() {
    let rig = Rig::new();
    for program in ["no-such-program", "./no-such-program", "/no/such/program"] {
        let error = not_begun(rig.command(json!({"argv": [program]})).await);
        assert_eq!(
            (code(&error), error.retryable),
            ("command-not-found", false),
            "{program}"
        );
    }
    assert_eq!(rig.asked.times(), 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_executed_did_not_begin() {
    let rig = Rig::new();
    // Written by other processes: one that this process wrote could still be open in the fork of another test.
    let files = "echo '#!/bin/sh' > plain; printf '\\1\\2' > garbage; printf '#!/bin/sh\\necho good\\n' > good";
    succeeded(rig.sh(&format!("{files}; chmod 755 garbage good")).await);
    for program in ["./plain", "./garbage", "/"] {
        let error = not_begun(rig.command(json!({"argv": [program]})).await);
        assert_eq!(
            (code(&error), error.retryable),
            ("command-not-executable", false),
            "{program}"
        );
    }
    assert_eq!(
        succeeded(rig.command(json!({"argv": ["./good"]})).await)["stdout"],
        "good\n"
    );
}

#[tokio::test]
async fn the_commands_own_path_finds_its_program() {
    let rig = Rig::new();
    let with = json!({"argv": ["sh", "-c", "echo x"], "env": {"PATH": rig.root.path().to_str()}});
    assert_eq!(code(&not_begun(rig.command(with).await)), "command-not-found");
}

#[tokio::test]
async fn a_command_runs_inside_the_allowed_roots_only() {
    let rig = Rig::new();
    let outside = tempfile::tempdir().expect("a folder");
    let root = rig.root.path().canonicalize().expect("a path");
    std::fs::create_dir(root.join("in")).expect("a folder");
    std::fs::write(root.join("file"), "").expect("a file");
    symlink(outside.path(), root.join("out")).expect("a link");
    symlink(root.join("in"), outside.path().join("back")).expect("a link");
    let pwd = async |cwd: &str| rig.command(json!({"argv": ["pwd"], "cwd": cwd})).await;
    let line = |path: &std::path::Path| format!("{}\n", path.display());

    assert_eq!(
        succeeded(rig.command(json!({"argv": ["pwd"]})).await)["stdout"],
        line(&root)
    );
    assert_eq!(succeeded(pwd("in").await)["stdout"], line(&root.join("in")));
    assert_eq!(succeeded(pwd("in/..").await)["stdout"], line(&root));
    assert_eq!(succeeded(pwd("out/back").await)["stdout"], line(&root.join("in")));
    for cwd in ["out", "..", "in/../..", "/", "/tmp"] {
        let error = not_begun(pwd(cwd).await);
        assert_eq!((code(&error), error.retryable), ("cwd-not-allowed", false), "{cwd}");
    }
    // The root's name as a mere prefix.
    let sibling = format!("{}-sibling", root.display());
    std::fs::create_dir(&sibling).expect("a folder");
    assert_eq!(code(&not_begun(pwd(&sibling).await)), "cwd-not-allowed");
    std::fs::remove_dir(&sibling).expect("an empty folder");
    for cwd in ["missing", "file"] {
        assert_eq!(code(&not_begun(pwd(cwd).await)), "cwd-not-found", "{cwd}");
    }
}

#[tokio::test]
async fn without_allowed_roots_no_command_begins() {
    let rig = Rig::new().with(|config| config.command.allowed_roots.clear());
    assert_eq!(code(&not_begun(rig.sh("true").await)), "cwd-not-allowed");
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_refused_before_the_fence_is_asked() {
    let rig = Rig::new();
    for with in [
        json!({}),
        json!({"argv": []}),
        json!({"argv": [""]}),
        json!({"argv": "ls"}),
        json!({"argv": [["ls"]]}),
        json!({"argv": ["echo", "a\u{0}b"]}),
        json!({"argv": ["true"], "env": {"A=B": "x"}}),
        json!({"argv": ["true"], "env": {"": "x"}}),
        json!({"argv": ["true"], "env": {"A": "\u{0}"}}),
        json!({"argv": ["true"], "env": {"SEAWALL_ATTEMPT": "x"}}),
        json!({"argv": ["true"], "stdin": [1]}),
        json!({"argv": ["true"], "stdin": "x".repeat((1 << 20) + 1)}),
    ] {
        let error = not_begun(rig.command(with).await);
        assert_eq!((code(&error), error.retryable), ("invalid-request", false));
    }
    assert_eq!(rig.asked.times(), 0);
}

#[tokio::test]
async fn an_argument_list_over_the_systems_limit_did_not_begin() {
    let with = json!({"argv": ["true", "x".repeat(1 << 20)]});
    let error = not_begun(Rig::new().command(with).await);
    assert_eq!((code(&error), error.retryable), ("spawn-failed", false));
}

#[tokio::test]
async fn a_lease_that_is_too_short_starts_nothing() {
    let rig = Rig::new().with_dead_lease();
    let error = not_begun(rig.sh("touch started").await);
    assert_eq!(code(&error), "fence-refused");
    assert!(!rig.root.path().join("started").exists());
}

#[tokio::test]
async fn disabled_commands_say_why_and_run_nothing() {
    let rig = Rig::new().with(|config| config.command.disabled = Some("off here"));
    assert_eq!(
        rig.registry().spec("command").expect("a kind").disabled,
        Some("off here")
    );
    let outcome = rig.start("command", Once, json!({"argv": ["touch", "started"]})).await;
    assert!(
        matches!(&outcome, Outcome::NotBegun(error) if error.code == "command-steps-disabled"),
        "{outcome:?}"
    );
    assert!(!rig.root.path().join("started").exists());
}

#[test]
fn commands_are_once_unless_the_step_says_otherwise() {
    let registry = Rig::new().registry();
    let spec = registry.spec("command").expect("a kind");
    assert_eq!((spec.default_effect)(&json!({"argv": ["ls"]})), Once);
}
