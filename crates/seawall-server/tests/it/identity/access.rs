//! Every operation of the description asks who calls, and for the scope that it names.

use axum::Router;
use http::Request;
use http::request::Builder;
use serde_json::Value;

use super::kit::key;
use crate::support::{Answer, send, send_as_it_is, state};

/// What anybody may call.
const PUBLIC: &[&str] = &[
    "GET /health",
    "GET /ready",
    "GET /health/ready",
    "GET /api/v1/health",
    "GET /problems",
    "GET /problems/{code}",
    "GET /openapi.json",
    "GET /docs",
];

/// An operation, as it is described.
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) template: String,
    described: Value,
}

impl Operation {
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// A request to it, whatever its parameters are.
    fn request(&self) -> Builder {
        let path = self.template.split('/').map(|part| match part {
            "{run_id}" => "run_01h455vb4pex5vsknk084sn02q",
            "{approval_id}" => "appr_01h455vb4pex5vsknk084sn02q",
            "{task_id}" => "task_01h455vb4pex5vsknk084sn02q",
            "{schedule_id}" => "sched_01h455vb4pex5vsknk084sn02q",
            _ if part.starts_with('{') => "some",
            _ => part,
        });
        let path = path.collect::<Vec<_>>().join("/");
        let request = Request::builder().method(self.method.as_str()).uri(path);
        request.header("content-type", "application/json")
    }

    /// Under each way of presenting credentials: the scopes.
    fn scopes(&self) -> Vec<String> {
        let ways = self.described["security"].as_array().unwrap();
        let (bearer, key) = (&ways[0]["bearer"], &ways[1]["api_key"]);
        assert_eq!((ways.len(), bearer), (2, key), "{}", self.name());
        let scopes = bearer.as_array().unwrap().iter();
        scopes.map(|scope| scope.as_str().unwrap().to_owned()).collect()
    }
}

pub(super) fn operations() -> Vec<Operation> {
    let description: Value = serde_json::from_slice(&seawall_server::openapi_json()).unwrap();
    let schemes = &description["components"]["securitySchemes"];
    assert_eq!(
        (&schemes["bearer"]["scheme"], &schemes["api_key"]["name"]),
        (&"bearer".into(), &"X-API-Key".into())
    );
    let mut found = Vec::new();
    for (template, item) in description["paths"].as_object().unwrap() {
        for (method, described) in item.as_object().unwrap() {
            found.push(Operation {
                method: method.to_uppercase(),
                template: template.clone(),
                described: described.clone(),
            });
        }
    }
    assert!(found.len() > 40);
    found
}

async fn with_key(app: &Router, operation: &Operation, key: &str) -> Answer {
    send(app, operation.request().header("x-api-key", key), "{}").await
}

#[tokio::test]
async fn every_operation_but_the_public_ones_wants_credentials_with_its_scope() {
    let state = state(&[]);
    let app = seawall_server::router(&state);
    let (_, without) = key(&**state.identity_store(), "default", "").await;
    let mut public = Vec::new();
    for operation in operations() {
        let name = operation.name();
        if PUBLIC.contains(&name.as_str()) {
            let answer = send_as_it_is(&app, operation.request(), "{}").await;
            assert!(
                !matches!(answer.status.as_u16(), 401 | 403),
                "{name}: {}",
                answer.status
            );
            assert!(operation.described["security"].is_null(), "{name}");
            public.push(name);
            continue;
        }
        let nobody = send_as_it_is(&app, operation.request(), "{}").await;
        assert_eq!(
            (nobody.status.as_u16(), nobody.code()),
            (401, "unauthenticated".to_owned()),
            "{name}"
        );
        assert_eq!(nobody.header("www-authenticate"), "Bearer", "{name}");

        let unknown = with_key(&app, &operation, "some-other-key").await;
        assert_eq!(unknown.status, 401, "{name}");

        let scopes = operation.scopes();
        let refused = with_key(&app, &operation, &without).await;
        assert_eq!(
            (refused.status.as_u16(), refused.code()),
            (403, "insufficient-scope".to_owned()),
            "{name}"
        );
        assert_eq!(
            Value::from(vec![refused.json()["required_scope"].clone()]),
            Value::from(scopes.clone()),
            "{name}"
        );

        let (_, with) = key(&**state.identity_store(), "default", &scopes.join(" ")).await;
        let let_in = with_key(&app, &operation, &with).await;
        assert!(
            !matches!(let_in.status.as_u16(), 401 | 403),
            "{name}: {}",
            let_in.status
        );
    }
    assert_eq!(public.len(), PUBLIC.len(), "{public:?}");
}

#[tokio::test]
async fn a_definition_that_comes_along_needs_the_right_to_write_definitions() {
    let state = state(&[]);
    let app = seawall_server::router(&state);
    let (_, operator) = key(&**state.identity_store(), "default", "runs:write").await;
    let (_, author) = key(&**state.identity_store(), "default", "runs:write workflows:write").await;
    let fork = "/api/v1/runs/run_01h455vb4pex5vsknk084sn02q/fork";
    for (path, inline, named) in [
        (
            "/api/v1/workflows/run",
            r#"{"workflow": {"name": "x"}}"#,
            r#"{"workflow": "x"}"#,
        ),
        (
            fork,
            r#"{"from_step": "a", "definition": {"name": "x"}}"#,
            r#"{"from_step": "a"}"#,
        ),
    ] {
        let post = |key: &str| {
            Request::post(path)
                .header("content-type", "application/json")
                .header("x-api-key", key)
        };
        let refused = send(&app, post(&operator), inline).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["required_scope"]),
            (403, &"workflows:write".into())
        );
        assert_ne!(send(&app, post(&operator), named).await.status, 403, "{path}");
        assert_ne!(send(&app, post(&author), inline).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn what_this_process_asks_itself_needs_no_credentials() {
    let state = state(&[]);
    let app = seawall_server::local_router(&state);
    let wrong = Request::get("/api/v1/runs").header("x-api-key", "some-other-key");
    for request in [Request::get("/api/v1/runs"), wrong] {
        assert_eq!(send_as_it_is(&app, request, ()).await.status, 200);
    }
}

#[tokio::test]
async fn a_credential_that_is_doubled_or_of_another_scheme_is_none() {
    let state = state(&[]);
    let app = seawall_server::router(&state);
    let (_, key) = key(&**state.identity_store(), "default", "runs:read").await;
    let get = || Request::get("/api/v1/runs");
    for request in [
        get()
            .header("x-api-key", &key)
            .header("authorization", format!("Bearer {key}")),
        get().header("x-api-key", &key).header("x-api-key", &key),
        get().header("authorization", &key),
        get().header("authorization", format!("Basic {key}")),
        get().header("x-api-key", &key[..key.len() - 1]),
        Request::get(format!("/api/v1/runs?api_key={key}")),
    ] {
        let shown = format!("{:?}", request.headers_ref());
        assert_eq!(send_as_it_is(&app, request, ()).await.status, 401, "{shown}");
    }
    for request in [
        get().header("x-api-key", &key),
        get().header("authorization", format!("bearer {key}")),
    ] {
        assert_eq!(send_as_it_is(&app, request, ()).await.status, 200);
    }
}
