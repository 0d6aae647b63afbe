use axum::Router;
use axum::routing::post as to;
use garde::Validate;
use seawall_guard::problem::{Json, Valid};
use serde::Deserialize;

use crate::hardened_axum::Settings;
use crate::service::{KEY, Service, post};

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Node {
    #[garde(length(min = 1))]
    name: String,
    #[garde(dive)]
    below: Option<Box<Node>>,
}

/// Answers with the number of nodes.
async fn service() -> Service {
    let count = async |Valid(Json(node)): Valid<Json<Node>>| {
        let nodes = std::iter::successors(Some(&node), |node| node.below.as_deref());
        nodes.filter(|node| !node.name.is_empty()).count().to_string()
    };
    Service::with_routes(Router::new().route("/", to(count)), &Settings::local(KEY)).await
}

/// The deepest has as many levels as the reader allows.
const DEPTHS: [usize; 8] = [0, 1, 2, 3, 17, 63, 64, 126];

fn nested(depth: usize, innermost: &str) -> String {
    format!(
        "{}{innermost}{}",
        r#"{"name":"n","below":"#.repeat(depth),
        "}".repeat(depth)
    )
}

#[tokio::test]
async fn what_is_no_json_is_malformed_at_every_depth() {
    let service = service().await;
    for depth in DEPTHS {
        let whole = service.send(post("/", &nested(depth, r#"{"name":"n"}"#))).await;
        assert_eq!(whole.body, (depth + 1).to_string());
        for text in [
            "",
            "{",
            "]",
            r#"{"name":"n",}"#,
            r#"{"name":"n"]"#,
            r#"{"name":"n"}//"#,
            r#"{"name":"n"}}"#,
            r#"{"name":"n""below":null}"#,
            r#"{"name" "n"}"#,
            r#"{name:"n"}"#,
            "{'name':'n'}",
            r#"{"name":NaN}"#,
            r#"{"name":01}"#,
            r#"{"name":"a	b"}"#,
            r#"{"name":"\ud800"}"#,
            r#"{"name":"\x41"}"#,
            "{\"name\":\"a\nb\"}",
            "{\"name\":\"n\",\u{a0}\"below\":null}",
            "\u{feff}{\"name\":\"n\"}",
            // What follows a wrong field counts too.
            r#"{"extra":1,"name":"#,
        ] {
            let answer = service.send(post("/", &nested(depth, text))).await;
            assert_eq!(answer.code(), "malformed-json", "{depth}: {text}");
            let error = &answer.json()["errors"][0];
            assert_eq!(
                (error["pointer"].as_str(), error["code"].as_str()),
                (Some(""), Some("syntax"))
            );
            assert!(error["message"].as_str().unwrap().contains(" column "), "{error}");
        }
    }
}

#[tokio::test]
async fn what_is_of_another_form_is_pointed_at_at_every_depth() {
    let service = service().await;
    for depth in DEPTHS {
        for (text, pointer, code) in [
            (r#"{"name":"n","extra":1}"#, "/extra", "unknown-field"),
            (r#"{"Name":"n"}"#, "/Name", "unknown-field"),
            (r#"{"name":"n","__proto__":null}"#, "/__proto__", "unknown-field"),
            (r#"{"name":"n","a/b~c":null}"#, "/a~1b~0c", "unknown-field"),
            (r#"{"name":"n","name":"m"}"#, "/name", "duplicate-field"),
            (r#"{"name":"n","na\u006de":"m"}"#, "/name", "duplicate-field"),
            (r#"{"name":"n","below":null,"below":null}"#, "/below", "duplicate-field"),
            (r#"{"below":null}"#, "/name", "required"),
            (r#"{"name":null}"#, "/name", "invalid-type"),
            (r#"{"name":1}"#, "/name", "invalid-type"),
            (r#"{"name":true}"#, "/name", "invalid-type"),
            (r#"{"name":["n"]}"#, "/name", "invalid-type"),
            (r#"{"name":{"name":"n"}}"#, "/name", "invalid-type"),
            ("[]", "", "invalid-type"),
            (r#"["n",null]"#, "", "invalid-type"),
            (r#""n""#, "", "invalid-type"),
            ("1e9", "", "invalid-type"),
            ("false", "", "invalid-type"),
            (r#"{"name":""}"#, "/name", "too-short"),
        ] {
            let answer = service.send(post("/", &nested(depth, text))).await;
            assert_eq!(answer.code(), "validation-error", "{depth}: {text}");
            let error = &answer.json()["errors"][0];
            let pointer = format!("{}{pointer}", "/below".repeat(depth));
            assert_eq!(error["pointer"], pointer, "{depth}: {text}");
            assert_eq!(error["code"], code, "{depth}: {text}");
        }
    }
}

#[tokio::test]
async fn a_depth_beyond_all_reason_is_refused() {
    let service = service().await;
    for levels in [127, 128, 500] {
        let answer = service.send(post("/", &nested(levels, r#"{"name":"n"}"#))).await;
        assert_eq!(answer.code(), "malformed-json", "{levels}");
    }
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for levels in [127, 2000] {
            let broken_off = open.repeat(levels);
            assert_eq!(service.send(post("/", &broken_off)).await.code(), "malformed-json");
            let whole = format!("{broken_off}1{}", close.repeat(levels));
            assert_eq!(service.send(post("/", &whole)).await.code(), "validation-error");
        }
    }
}
