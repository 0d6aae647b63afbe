use std::time::Duration;

use axum::Router;
use http::{Method, Request};
use seawall_server::identity::{Principal, Scope, Scopes};
use seawall_store::TenantId;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::world::{KEYS, PASSWORD, admin, anonymous, call, furnished, keyed, made, post, read, stranger};
use crate::identity::kit;
use crate::support::{send, send_as_it_is};
use crate::working::working;

/// Where the events of a run are.
pub(super) async fn events(app: &Router) -> String {
    let definition = json!({"name": "w", "steps": [{"id": "a", "kind": "transform", "with": {"value": 1}}]});
    let run = post(app, "/api/v1/workflows/run", &json!({"workflow": definition})).await;
    assert_eq!(run.status, 202, "{}", run.json());
    format!("{}/events", run.header("location"))
}

/// The status of the stream that a ticket opens; it goes on, so its body is not read.
async fn opened(app: &Router, path: &str) -> u16 {
    use tower::ServiceExt as _;
    let request = Request::get(path)
        .header("host", "localhost")
        .body(axum::body::Body::empty())
        .unwrap();
    app.clone().oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_ticket_opens_the_events_of_its_run_and_nothing_else() {
    let app = furnished().await;
    let (events, other) = (events(&app).await, events(&app).await);
    let made = post(&app, &format!("{events}/ticket"), &Value::Null).await;
    assert_eq!((made.status.as_u16(), made.header("location")), (201, &*events));
    let body = made.json();
    let ticket = body["ticket"].as_str().unwrap();
    assert!(ticket.starts_with("swt_") && body["expires_at"].is_string());
    // As often as the connection breaks.
    for _ in 0..2 {
        assert_eq!(opened(&app, &format!("{events}?ticket={ticket}")).await, 200);
    }
    for path in [
        format!("{other}?ticket={ticket}"),
        format!("{events}?ticket=swt_x"),
        format!("{events}?ticket="),
        format!("{events}?ticket={}", ticket.to_uppercase()),
    ] {
        let answer = send_as_it_is(&app, Request::get(&path), ()).await;
        assert_eq!(answer.code(), "unauthenticated", "{path}");
        assert!(!String::from_utf8(answer.body.to_vec()).unwrap().contains(ticket));
    }
    // It is nobody's credential elsewhere, and a wrong one is not made good by others.
    let run = events.trim_end_matches("/events");
    assert_eq!(
        read(&app, &admin(), &format!("{events}?ticket=swt_x")).await.code(),
        "unauthenticated"
    );
    assert_eq!(
        send_as_it_is(&app, Request::get(format!("{run}/journal?ticket={ticket}")), ())
            .await
            .code(),
        "unauthenticated"
    );
}

#[tokio::test]
async fn a_ticket_is_made_by_who_may_read_the_run_and_its_secret_is_not_replayed() {
    let app = furnished().await;
    let path = format!("{}/ticket", events(&app).await);
    assert_eq!(
        call(&app, &stranger(), Method::POST, &path, &Value::Null).await.code(),
        "not-found"
    );
    let worker = Principal::service(TenantId::default(), "some", Scopes::of(&[Scope::TasksWork]));
    assert_eq!(
        call(&app, &worker, Method::POST, &path, &Value::Null).await.code(),
        "insufficient-scope"
    );
    let nothing = "/api/v1/runs/run_01h455vb4pex5vsknk084sn02q/events/ticket";
    assert_eq!(post(&app, nothing, &Value::Null).await.code(), "not-found");
    assert_eq!(keyed(&app, &path, "k1", &Value::Null).await.status, 201);
    assert_eq!(keyed(&app, &path, "k1", &Value::Null).await.code(), "conflict");
}

#[tokio::test(start_paused = true)]
async fn what_a_key_s_ticket_has_opened_ends_with_the_key() {
    let (state, app) = working(&[]).await;
    let (kept, mut node) = (state.authenticator().clone(), JoinSet::new());
    node.spawn(async move { kept.keep_up(&CancellationToken::new()).await });
    let scopes = "workflows:write runs:read runs:write";
    let (key, text) = kit::key(&**state.identity_store(), "default", scopes).await;
    let owner = kit::Caller { app: &app, key: text };
    let steps = json!([{"id": "wait", "kind": "wait_signal", "with": {"name": "never"}}]);
    owner
        .made("/api/v1/workflows", json!({"name": "w", "steps": steps}))
        .await;
    let run = owner.made("/api/v1/workflows/w/runs", json!({"input": {}})).await;
    let events = format!("/api/v1/runs/{}/events", run["id"].as_str().unwrap());
    let made = owner.made(&format!("{events}/ticket"), Value::Null).await;
    let follow = Request::get(format!("{events}?ticket={}", made["ticket"].as_str().unwrap()));

    let following = async {
        let answer = send_as_it_is(&app, follow, ()).await;
        (answer.status.as_u16(), Instant::now())
    };
    let revoking = async {
        // Longer than the ticket counts.
        tokio::time::sleep(Duration::from_secs(90)).await;
        let path = format!("/api/v1/api-keys/{}", key.id().to_type_id());
        assert_eq!(send(&app, Request::delete(path), ()).await.status, 204);
        Instant::now()
    };
    let following = tokio::time::timeout(Duration::from_secs(600), following);
    let (followed, revoked) = tokio::join!(following, revoking);
    let (status, ended) = followed.expect("it ends");
    assert_eq!(status, 200);
    assert!(ended > revoked && ended - revoked <= Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn what_a_user_s_ticket_has_opened_ends_with_the_user() {
    let app = furnished().await;
    let steps = json!([{"id": "wait", "kind": "wait_signal", "with": {"name": "never"}}]);
    let definition = json!({"name": "w", "steps": steps});
    let run = post(&app, "/api/v1/workflows/run", &json!({"workflow": definition})).await;
    let events = format!("{}/events", run.header("location"));
    let user = made(&app, "ada@example.org", "viewer").await;
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    let login = anonymous(&app, "/api/v1/auth/login", &login).await.json();
    let ada = kit::Caller {
        app: &app,
        key: login["access_token"].as_str().unwrap().to_owned(),
    };
    let made = ada.made(&format!("{events}/ticket"), Value::Null).await;
    let follow = Request::get(format!("{events}?ticket={}", made["ticket"].as_str().unwrap()));
    let following = async {
        let answer = send_as_it_is(&app, follow, ()).await;
        (answer.status.as_u16(), Instant::now())
    };
    let deleting = async {
        tokio::time::sleep(Duration::from_secs(90)).await;
        let deleted = call(&app, &admin(), Method::DELETE, &user, &Value::Null).await;
        assert_eq!(deleted.status, 204);
        Instant::now()
    };
    let following = tokio::time::timeout(Duration::from_secs(600), following);
    let (followed, deleted) = tokio::join!(following, deleting);
    let (status, ended) = followed.expect("it ends");
    assert_eq!(status, 200);
    assert!(ended > deleted && ended - deleted <= Duration::from_secs(5));
}

#[tokio::test]
async fn a_ticket_opens_nothing_once_the_key_or_the_user_counts_no_more() {
    let app = furnished().await;
    let events = events(&app).await;
    let key = post(&app, KEYS, &json!({"name": "reader", "scopes": ["runs:read"]})).await;
    let key = (key.header("location").to_owned(), key.json()["secret"].clone());
    let user = made(&app, "ada@example.org", "viewer").await;
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    let login = anonymous(&app, "/api/v1/auth/login", &login).await.json();
    let ticket_of = async |credential: &Value| {
        let reader = kit::Caller {
            app: &app,
            key: credential.as_str().unwrap().to_owned(),
        };
        let made = reader.made(&format!("{events}/ticket"), Value::Null).await;
        format!("{events}?ticket={}", made["ticket"].as_str().unwrap())
    };
    let (by_key, by_user) = (ticket_of(&key.1).await, ticket_of(&login["access_token"]).await);
    for path in [&by_key, &by_user] {
        assert_eq!(opened(&app, path).await, 200);
    }
    assert_eq!(
        call(&app, &admin(), Method::DELETE, &key.0, &Value::Null).await.status,
        204
    );
    let inactive = json!({"active": false});
    assert_eq!(call(&app, &admin(), Method::PATCH, &user, &inactive).await.status, 200);
    for path in [&by_key, &by_user] {
        assert_eq!(opened(&app, path).await, 401);
    }
}
