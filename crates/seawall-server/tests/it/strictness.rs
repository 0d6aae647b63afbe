//! What is read strictly: definitions that are only checked, objects, parameters.

use http::Request;

use crate::support::{app, get, post_json, send};

const VALIDATE: &str = "/api/v1/workflows/validate";
const SIGNAL: &str = "/api/v1/runs/run_01h455vb4pex5vsknk084sn02q/signals/go";

#[tokio::test]
async fn a_definition_that_cannot_be_read_is_an_answer_when_it_is_only_checked() {
    let app = app(&[]);
    let yaml = async |text: String| {
        let request = Request::post(VALIDATE).header("content-type", "application/yaml");
        send(&app, request, text).await
    };
    let steps = "steps: [{id: a, kind: transform, with: {value: 1}}]";
    for (text, code) in [
        (format!("name: &n w\n{steps}"), "yaml-anchor"),
        (format!("name: !!str w\n{steps}"), "yaml-tag"),
        (format!("name: w\nname: w\n{steps}"), "duplicate-key"),
        (
            format!("name: w\ndescription: {}\n{steps}", "x".repeat(300_000)),
            "too-large",
        ),
        ("name: [".to_owned(), "malformed-yaml"),
    ] {
        let answer = yaml(text).await;
        assert_eq!(answer.status, 200, "{code}");
        let body = answer.json();
        assert_eq!(
            (&body["valid"], &body["errors"][0]["code"]),
            (&false.into(), &code.into())
        );
    }
    for (text, code) in [
        ("{".to_owned(), "malformed-json"),
        (r#"{"name": "w", "name": "w"}"#.to_owned(), "duplicate-key"),
        (format!("{}{}", "[".repeat(100), "]".repeat(100)), "too-deep"),
        (
            r#"{"name": 123456789012345678901234567890}"#.to_owned(),
            "number-out-of-range",
        ),
    ] {
        let body = post_json(&app, VALIDATE, text).await.json();
        assert_eq!(
            (&body["valid"], &body["errors"][0]["code"]),
            (&false.into(), &code.into())
        );
    }
    let answer = send(
        &app,
        Request::post(VALIDATE).header("content-type", "application/yaml"),
        vec![0xff],
    )
    .await;
    assert_eq!(answer.code(), "workflow-invalid");
}

#[tokio::test]
async fn a_list_is_no_object_of_its_fields() {
    let app = app(&[]);
    for (path, text) in [
        (
            "/api/v1/schedules",
            r#"["w", null, "1h", "UTC", {}, "skip", "once", true]"#,
        ),
        ("/api/v1/workflows/w/runs", "[{}, 5]"),
        ("/api/v1/workflows/run", r#"["w", {}]"#),
        ("/api/v1/tasks/q/claim", r#"[1, "w", "30s", 10]"#),
        (SIGNAL, "[null, 1]"),
    ] {
        let answer = post_json(&app, path, text).await;
        assert_eq!(answer.code(), "validation-error", "{path}");
        let error = &answer.json()["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&"".into(), &"invalid-type".into()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn parameters_that_are_not_known_are_refused_wherever_there_are_some() {
    let app = app(&[]);
    let run = "/api/v1/runs/run_01h455vb4pex5vsknk084sn02q";
    for path in [
        "/api/v1/runs",
        "/api/v1/schedules",
        "/api/v1/workflows",
        "/api/v1/workflows/w/flow",
        "/api/v1/workflows/w/versions",
        "/api/v1/approvals",
        "/api/v1/queues",
        &format!("{run}/journal"),
        &format!("{run}/events"),
    ] {
        let answer = get(&app, &format!("{path}?foo=1")).await;
        assert_eq!(answer.code(), "validation-error", "{path}");
        let error = &answer.json()["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&"/foo".into(), &"unknown-field".into()),
            "{path}"
        );
    }
}
