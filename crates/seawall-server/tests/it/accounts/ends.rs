//! What ends on a node counts no more on it, though it remembers what it knew.

use std::time::Duration;

use axum::Router;
use http::request::Builder;
use http::{Method, Request};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::world::{KEYS, PASSWORD, USERS, user};
use crate::support::{Answer, send};
use crate::working::working;

async fn ask(app: &Router, request: Builder, body: &Value) -> Answer {
    send(
        app,
        request.header("content-type", "application/json"),
        body.to_string(),
    )
    .await
}

async fn change(app: &Router, method: Method, path: &str, body: &Value) {
    let answer = ask(app, Request::builder().method(method).uri(path), body).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.status);
}

/// The status for this credential.
async fn status(app: &Router, credential: &str) -> u16 {
    let request = Request::get("/api/v1/auth/me").header("authorization", format!("Bearer {credential}"));
    send(app, request, ()).await.status.as_u16()
}

/// The text at this field of what a POST answers, known to the node by then.
async fn remembered(app: &Router, path: &str, body: &Value, field: &str) -> (Value, String) {
    let answer = ask(app, Request::post(path), body).await.json();
    let credential = answer[field].as_str().unwrap().to_owned();
    for _ in 0..2 {
        assert_eq!(status(app, &credential).await, 200);
    }
    (answer, credential)
}

#[tokio::test(start_paused = true)]
async fn a_login_or_a_key_that_ends_here_counts_no_more_at_once() {
    let (state, app) = working(&[]).await;
    let (stop, kept_up) = (CancellationToken::new(), state.authenticator().clone());
    let (mut node, stopped) = (JoinSet::new(), stop.clone());
    node.spawn(async move { kept_up.keep_up(&stopped).await });
    tokio::time::sleep(Duration::from_millis(1)).await;

    let made = ask(&app, Request::post(USERS), &user("ada@example.org", "admin")).await;
    let path = made.header("location").to_owned();
    change(&app, Method::POST, USERS, &user("ben@example.org", "admin")).await;
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    let log_in = async || remembered(&app, "/api/v1/auth/login", &login, "access_token").await;

    let (_, access) = log_in().await;
    let logout = Request::post("/api/v1/auth/logout").header("authorization", format!("Bearer {access}"));
    assert_eq!(send(&app, logout, ()).await.status, 204);
    assert_eq!(status(&app, &access).await, 401);

    let (pair, access) = log_in().await;
    let refresh = json!({"refresh_token": pair["refresh_token"]});
    change(&app, Method::POST, "/api/v1/auth/refresh", &refresh).await;
    assert_eq!(status(&app, &access).await, 200, "a token goes on beside the next one");
    let again = ask(&app, Request::post("/api/v1/auth/refresh"), &refresh).await;
    assert_eq!(again.status, 401);
    assert_eq!(status(&app, &access).await, 401);

    let (_, access) = log_in().await;
    change(&app, Method::PATCH, &path, &json!({"role": "viewer"})).await;
    assert_eq!(status(&app, &access).await, 401);

    let (_, access) = log_in().await;
    change(&app, Method::DELETE, &path, &Value::Null).await;
    assert_eq!(status(&app, &access).await, 401);

    let wanted = json!({"name": "x", "scopes": ["runs:read"]});
    let (key, secret) = remembered(&app, KEYS, &wanted, "secret").await;
    change(
        &app,
        Method::DELETE,
        &format!("{KEYS}/{}", key["id"].as_str().unwrap()),
        &Value::Null,
    )
    .await;
    assert_eq!(status(&app, &secret).await, 401);

    stop.cancel();
    node.join_all().await;
}
