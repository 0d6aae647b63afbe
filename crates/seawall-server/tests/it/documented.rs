//! Whatever rejection any test provokes stands in the API's description, at its operation and under its status.

use std::sync::OnceLock;

use http::Method;
use serde_json::Value;

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

fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    static DESCRIPTION: OnceLock<Value> = OnceLock::new();
    let description = DESCRIPTION.get_or_init(|| serde_json::from_slice(&seawall_server::openapi_json()).unwrap());
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let templates = description["paths"].as_object().unwrap();
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
