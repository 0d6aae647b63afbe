//! Whatever rejection any test provokes stands in the API's description, at its operation and under its status.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use http::{Method, Request};
use seawall_server::router;
use seawall_store::{Fault, FaultPoint, MemoryStore, SystemClock};
use serde_json::Value;

use crate::identity::kit::key;
use crate::support::{app, send, state_with};

/// Fails where the description does not know that this operation answers so. Addresses and methods that it has not are none of
/// its operations.
pub(crate) fn assert_documented(method: &Method, path: &str, status: u16, code: &str) {
    let Some(operation) = operation(method, path) else {
        return;
    };
    let response = &operation["responses"][status.to_string()];
    let known = &response["content"]["application/problem+json"]["examples"][code];
    assert!(
        !known.is_null(),
        "{method} {path} answered {status} {code}, which is not in its description"
    );
}

fn description() -> &'static Value {
    static DESCRIPTION: OnceLock<Value> = OnceLock::new();
    DESCRIPTION.get_or_init(|| serde_json::from_slice(&seawall_server::openapi_json()).unwrap())
}

fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let templates = description()["paths"].as_object().unwrap();
    let fitting = templates.iter().filter(|(template, _)| fits(template, path));
    // As the router does: the template with fewer parameters goes first.
    let (_, item) = fitting.min_by_key(|(template, _)| template.matches('{').count())?;
    item.get(method.as_str().to_ascii_lowercase())
}

fn fits(template: &str, path: &str) -> bool {
    let (mut parts, mut names) = (path.split('/'), template.split('/'));
    loop {
        match (names.next(), parts.next()) {
            (None, None) => return true,
            (Some(name), Some(part)) if name == part || (name.starts_with('{') && !part.is_empty()) => {}
            _ => return false,
        }
    }
}

#[test]
#[should_panic(expected = "not in its description")]
fn an_answer_that_is_not_described_is_noticed() {
    assert_documented(&Method::GET, "/api/v1/runs/run_x/why", 409, "conflict");
}

#[test]
fn answers_are_looked_up_under_the_most_exact_template() {
    assert_documented(&Method::POST, "/api/v1/workflows/run", 400, "malformed-json");
    assert_documented(&Method::GET, "/api/v1/runs/run_x/why", 404, "not-found");
    assert_documented(&Method::GET, "/nowhere", 404, "not-found");
}

/// What guards refuse before any handler, whatever the operation; and what is refused while nobody can look up keys.
#[tokio::test]
async fn what_the_guards_refuse_is_described_at_every_operation() {
    let large = (1 << 20) + 1;
    let sound = app(&[]);
    let fails = |_: &FaultPoint| Some(Fault::BeforeWrite);
    let broken = router(&state_with(&[("DOCS", "auth")], Some(Arc::new(fails))));
    let (_, unknown) = key(&MemoryStore::new(Arc::new(SystemClock)), "default", "runs:read").await;
    let templates = description()["paths"].as_object().unwrap();
    let mut refused = BTreeSet::new();
    for (template, item) in templates {
        let path = template.replace(['{', '}'], "");
        for method in item.as_object().unwrap().keys() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = || Request::builder().method(&method).uri(&path);
            for (app, request) in [
                (&sound, request().header("origin", "https://evil.example")),
                (&sound, request().header("host", "evil.example")),
                (&sound, request().header("content-length", large)),
                (&broken, request().header("x-api-key", &unknown)),
            ] {
                // It looks at the answer.
                let answer = send(app, request, ()).await;
                if answer.header("content-type") == "application/problem+json" {
                    refused.insert(answer.code());
                }
            }
        }
    }
    for code in [
        "origin-not-allowed",
        "host-not-allowed",
        "payload-too-large",
        "service-unavailable",
    ] {
        assert!(refused.contains(code), "{code}: {refused:?}");
    }
}
