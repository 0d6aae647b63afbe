//! Commands that give too much, or take too little.

use seawall_engine::EffectClass::{Idempotent, Once, Read};
use serde_json::json;

use crate::support::{Rig, code, failed, succeeded, unknown};

#[tokio::test]
async fn a_command_that_prints_for_ever_is_killed() {
    for (script, stream) in [("yes", "stdout"), ("yes >&2", "stderr"), ("yes & yes >&2", "limit")] {
        let with = json!({"argv": ["sh", "-c", script]});
        for effect in [Read, Idempotent] {
            let error = failed(Rig::new().start("command", effect, with.clone()).await);
            assert_eq!((code(&error), error.retryable), ("output-too-large", false));
            assert!(error.message.contains(stream), "{}", error.message);
            assert!(error.message.contains("1048576 bytes"), "{}", error.message);
        }
        // It was killed in the middle of what must not happen twice.
        let error = unknown(Rig::new().start("command", Once, with).await);
        assert_eq!((code(&error), error.retryable), ("output-too-large", false));
    }
}

#[tokio::test]
async fn an_output_of_exactly_the_limit_succeeds_and_one_more_byte_fails() {
    let rig = Rig::new().with(|config| config.max_output_bytes = 4001);
    let print = async |len: usize| rig.sh(&format!("head -c {len} /dev/zero | tr '\\0' x")).await;
    // A byte of a line stands in stdout and in stdout_lines; the frame has an odd length.
    let frame = succeeded(print(1).await).to_string().len() - 2;
    let largest = (4001 - frame) / 2;
    assert_eq!(frame + 2 * largest, 4001);
    assert_eq!(succeeded(print(largest).await).to_string().len(), 4001);
    let error = failed(print(largest + 1).await);
    assert_eq!((code(&error), error.retryable), ("output-too-large", false));
}

#[tokio::test]
async fn a_million_empty_lines_are_refused_before_they_become_values() {
    let error = failed(Rig::new().sh("yes '' | head -n 1000000").await);
    assert_eq!(code(&error), "output-too-large");
    assert!(error.message.contains("1000000 lines"), "{}", error.message);
}

#[tokio::test]
async fn a_command_that_reads_no_stdin_does_not_hang() {
    let stdin = "x".repeat(1 << 20);
    for script in ["true", "exec 0<&-; echo done", "head -c 1 > /dev/null"] {
        succeeded(
            Rig::new()
                .command(json!({"argv": ["sh", "-c", script], "stdin": stdin}))
                .await,
        );
    }
}

#[tokio::test]
async fn a_command_that_echoes_while_it_reads_does_not_deadlock() {
    // More than both pipes hold, yet within the limit of the output.
    let stdin = "x".repeat(400_000);
    let output = succeeded(Rig::new().command(json!({"argv": ["cat"], "stdin": stdin})).await);
    assert_eq!(output["stdout"].as_str().map(str::len), Some(400_000));
}

#[tokio::test]
async fn a_command_that_closes_its_streams_is_waited_for() {
    let error = failed(
        Rig::new()
            .sh("exec >&- 2>&-; head -c 1 /dev/zero > /dev/null; exit 3")
            .await,
    );
    assert_eq!(code(&error), "exit-code-3");
}
