//! Secrets reach the other side and nothing else.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use seawall_engine::EffectClass::{Once, Read};
use seawall_engine::Outcome;
use serde_json::json;

use crate::support::{Rig, Web, code, failed, not_begun, succeeded};

const SECRET: &str = "s3cr\"et-v4lue";

#[tokio::test]
async fn a_secret_header_arrives_and_is_masked_in_what_comes_back() {
    let answer = |headers: HeaderMap| async move {
        let sent = headers["x-key"].to_str().expect("text").to_owned();
        assert_eq!(sent, format!("Key {SECRET}"));
        let back = [("x-echo", sent.clone())];
        (
            back,
            axum::Json(json!({"said": sent, SECRET: [SECRET], "raw": json!(SECRET).to_string()})),
        )
    };
    let web = Web::serve(Router::new().route("/", get(answer))).await;
    let rig = Rig::new().with_secret("/headers/X-Key", "Key ", SECRET);
    let with = json!({"url": web.url("/"), "headers": {"X-Key": null}});
    let output = succeeded(rig.http(Read, with).await);
    assert_eq!(output["headers"]["x-echo"], "Key ***");
    assert_eq!(
        output["body"],
        json!({"said": "Key ***", "***": ["***"], "raw": "\"***\""})
    );
}

#[tokio::test]
async fn a_secret_that_an_error_answer_repeats_is_masked() {
    let answer = |headers: HeaderMap| async move {
        let sent = headers["x-key"].to_str().expect("text").to_owned();
        // The place where the quote ends lies within the secret.
        (StatusCode::FORBIDDEN, format!("{}{sent}", "x".repeat(495)))
    };
    let web = Web::serve(Router::new().route("/", get(answer))).await;
    let rig = Rig::new().with_secret("/headers/X-Key", "", SECRET);
    let with = json!({"url": web.url("/"), "headers": {"X-Key": null}});
    let error = failed(rig.http(Read, with).await);
    assert_eq!(code(&error), "http-status-403");
    assert!(error.message.ends_with("xx***"), "{}", error.message);
}

#[tokio::test]
async fn a_secret_in_the_environment_is_masked_in_output_and_errors() {
    let rig = || Rig::new().with_secret("/env/TOKEN", "", SECRET);
    let with = |script: &str| json!({"argv": ["sh", "-c", script], "env": {"TOKEN": null}});
    let output = succeeded(rig().command(with("echo \"<$TOKEN>\"; echo \"$TOKEN\" >&2")).await);
    assert_eq!(output["stdout"], "<***>\n");
    assert_eq!(output["stdout_lines"], json!(["<***>"]));
    assert_eq!(output["stderr"], "***\n");
    let error = failed(rig().command(with("echo \"no $TOKEN\" >&2; exit 4")).await);
    assert_eq!(error.message, "`sh` exited with code 4: no ***");
}

#[tokio::test]
async fn a_secret_that_cannot_be_sent_does_not_stand_in_the_error() {
    let rig = Rig::new().with_secret("/headers/X-Key", "", "line\nbreak");
    let with = json!({"url": "http://127.0.0.1:1/", "headers": {"X-Key": null}});
    let error = not_begun(rig.http(Once, with).await);
    assert_eq!(code(&error), "invalid-request");
    assert!(!format!("{error:?}").contains("break"), "{error:?}");
}

#[tokio::test]
async fn an_attempt_without_its_secret_does_not_begin() {
    for (kind, pointer, with) in [
        (
            "http",
            "/headers/X",
            json!({"url": "http://127.0.0.1:1/", "headers": {"X": null}}),
        ),
        ("command", "/env/X", json!({"argv": ["true"], "env": {"X": null}})),
    ] {
        let rig = Rig::new().with_secret(pointer, "", SECRET).without_secrets();
        let outcome = rig.start(kind, Once, with).await;
        assert!(
            matches!(&outcome, Outcome::NotBegun(error) if error.code == "secret-missing"),
            "{outcome:?}"
        );
        assert_eq!(rig.asked.times(), 0);
    }
}
