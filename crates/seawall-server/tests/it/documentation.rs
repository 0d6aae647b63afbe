use std::collections::BTreeMap;

use http::Request;
use seawall_server::CATALOG;
use serde_json::Value;

use crate::support::{app, get, send, send_as_it_is};

#[tokio::test]
async fn the_description_names_every_path_with_every_answer() {
    let document = get(&app(&[]), "/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut operations = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let mut answers = Vec::new();
            for (status, response) in operation["responses"].as_object().unwrap() {
                let examples = &response["content"]["application/problem+json"]["examples"];
                let codes: Vec<_> = examples
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(code, _)| code.as_str())
                    .collect();
                answers.push(format!("{status} {}", codes.join(" ")).trim().to_owned());
            }
            operations.insert(format!("{} {path}", method.to_uppercase()), answers);
        }
    }
    insta::assert_json_snapshot!(operations);
}

#[tokio::test]
async fn what_the_table_says_of_a_rejection_is_in_the_description() {
    let document = get(&app(&[]), "/openapi.json").await.json();
    let members = &document["components"]["schemas"]["Problem"]["properties"];
    let mut described = 0;
    for kind in CATALOG.kinds() {
        for extension in kind.extensions {
            assert!(
                !members[extension.name].is_null(),
                "{} of {}",
                extension.name,
                kind.code
            );
            described += 1;
        }
    }
    assert!(described > 10);
    let example = &document["paths"]["/api/v1/runs/{run_id}"]["get"]["responses"]["404"]["content"]["application/problem+json"]
        ["examples"]["not-found"];
    let kind = CATALOG.find("not-found").unwrap();
    assert_eq!(
        (&example["summary"], &example["description"]),
        (&kind.title.into(), &kind.help.into())
    );
}

#[tokio::test]
async fn no_reference_in_the_description_dangles() {
    let document = get(&app(&[]), "/openapi.json").await.json();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    assert!(!document.to_string().contains("x-problems"), "a marker was left in");
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                found.push(reference.clone());
            }
            map.values().for_each(|value| collect(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

#[test]
fn every_code_that_an_operation_names_exists() {
    // `x-problems` is resolved by name: a misspelt one would vanish silently.
    let mut named = 0;
    let mut folders = vec![std::path::PathBuf::from("src/handlers")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for list in text.split("\"x-problems\" = json!([").skip(1) {
                for code in list.split("])").next().unwrap().split(',') {
                    let code = code.trim().trim_matches('"');
                    assert!(CATALOG.find(code).is_some(), "{code} in {}", path.display());
                    named += 1;
                }
            }
        }
    }
    assert!(named > 10);
}

#[tokio::test]
async fn the_page_works_without_a_network_and_without_inline_script() {
    let app = app(&[]);
    for path in ["/docs", "/docs/"] {
        let page = get(&app, path).await;
        assert_eq!(page.status, 200);
        assert!(page.header("content-security-policy").contains("script-src 'self';"));
        let text = String::from_utf8(page.body.to_vec()).unwrap();
        assert!(!text.contains("http") && !text.contains("<script>"));
        for asset in text.split(['"']).filter(|part| part.starts_with("/docs/")) {
            let answer = get(&app, asset).await;
            assert_eq!(answer.status, 200, "{asset}");
            assert!(!answer.body.is_empty());
        }
    }
    let start = get(&app, "/docs/swagger-initializer.js").await;
    assert!(start.header("content-type").contains("javascript"));
    assert_eq!(get(&app, "/docs/nothing.js").await.code(), "not-found");
}

#[tokio::test]
async fn documentation_is_as_open_as_it_is_configured() {
    for (docs, status) in [("public", 200), ("auth", 401), ("off", 404)] {
        let app = app(&[("DOCS", docs)]);
        for path in ["/docs", "/openapi.json", "/docs/swagger-ui.css"] {
            assert_eq!(get(&app, path).await.status == 200, status != 404, "{docs} {path}");
            let answer = send_as_it_is(&app, Request::get(path), ()).await;
            assert_eq!(answer.status, status, "{docs} {path}");
            assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
        }
    }
}

#[test]
fn no_two_rejections_share_a_code() {
    // Clients branch on it, metrics are labelled with it, pages are found by it.
    let mut codes: Vec<_> = CATALOG.kinds().map(|kind| kind.code).collect();
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    assert!(codes.iter().all(|code| code.bytes().all(is_letter)));
    codes.sort_unstable();
    let all = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), all);
}

#[tokio::test]
async fn every_problem_has_a_page_for_people_and_programs() {
    let app = app(&[]);
    let list = get(&app, "/problems").await.json();
    let codes: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| kind["code"].clone())
        .collect();
    assert_eq!(codes.len(), CATALOG.kinds().count());
    for code in codes {
        let path = format!("/problems/{}", code.as_str().unwrap());
        assert_eq!(get(&app, &path).await.json()["type"], path);
        let html = send(&app, Request::get(&path).header("accept", "text/html"), ()).await;
        assert_eq!(html.status, 200);
        assert!(html.header("content-type").starts_with("text/html"));
    }
    assert_eq!(get(&app, "/problems/nonsense").await.code(), "not-found");
    let picture = send(&app, Request::get("/problems").header("accept", "image/png"), ()).await;
    assert_eq!(picture.code(), "not-acceptable");
}
