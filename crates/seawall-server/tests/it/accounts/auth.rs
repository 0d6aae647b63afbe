use axum::Router;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{Method, Request};
use seawall_server::identity::{AccessTokens, MasterKey, Principal};
use seawall_store::{StoreClock as _, SystemClock};
use serde_json::{Value, json};

use super::world::{KEYS, PASSWORD, admin, anonymous, call, faults, made, post, read};
use crate::support::{Answer, app, send, send_as_it_is};

const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const TOKEN: &str = "/api/v1/auth/token";

fn principal_of(token: &Value) -> Principal {
    let tokens = AccessTokens::new(&MasterKey::of_development());
    tokens
        .verify(token.as_str().unwrap(), SystemClock.now())
        .unwrap()
        .principal
}

async fn form(app: &Router, basic: Option<&str>, text: &str) -> Answer {
    let mut request = Request::post(TOKEN).header("content-type", "application/x-www-form-urlencoded");
    if let Some(basic) = basic {
        request = request.header("authorization", format!("Basic {}", BASE64_STANDARD.encode(basic)));
    }
    send_as_it_is(app, request, text.to_owned()).await
}

#[tokio::test]
async fn a_user_logs_in_goes_on_asks_who_they_are_and_logs_out() {
    let app = app(&[]);
    let path = made(&app, "ada@example.org", "operator").await;
    let pair = anonymous(&app, LOGIN, &json!({"email": "ada@example.org", "password": PASSWORD})).await;
    assert_eq!(pair.status, 200);
    assert_eq!(pair.header("cache-control"), "no-store");
    let body = pair.json();
    assert_eq!(
        (&body["token_type"], body.as_object().unwrap().len()),
        (&json!("Bearer"), 4)
    );
    assert!((895..=900).contains(&body["expires_in"].as_u64().unwrap()));
    let next = anonymous(&app, REFRESH, &json!({"refresh_token": body["refresh_token"]})).await;
    assert_eq!(next.status, 200);
    let ada = principal_of(&next.json()["access_token"]);

    let me = read(&app, &ada, "/api/v1/auth/me").await.json();
    assert_eq!(me["subject"], path.rsplit('/').next().unwrap());
    assert_eq!((&me["kind"], &me["tenant"]), (&json!("user"), &json!("default")));
    assert_eq!(
        (&me["user"]["email"], &me["user"]["role"]),
        (&json!("ada@example.org"), &json!("operator"))
    );
    assert_eq!(me["scopes"].as_array().unwrap().len(), 7);
    assert!(me["user"]["last_login_at"].is_string());

    assert_eq!(
        call(&app, &ada, Method::POST, "/api/v1/auth/logout", &Value::Null)
            .await
            .status,
        204
    );
    let over = anonymous(&app, REFRESH, &json!({"refresh_token": next.json()["refresh_token"]})).await;
    assert_eq!(over.code(), "unauthenticated");
    let keyless = call(&app, &admin(), Method::POST, "/api/v1/auth/logout", &Value::Null).await;
    assert_eq!(keyless.code(), "conflict");
    let service = read(&app, &admin(), "/api/v1/auth/me").await.json();
    assert_eq!(
        (&service["subject"], &service["user"]),
        (&json!("service:test"), &Value::Null)
    );
    for (method, path) in [(Method::GET, "/api/v1/auth/me"), (Method::POST, "/api/v1/auth/logout")] {
        let answer = send(
            &app,
            Request::builder()
                .method(method)
                .uri(path)
                .header("authorization", "Bearer x"),
            (),
        )
        .await;
        assert_eq!(answer.code(), "unauthenticated");
    }
}

#[tokio::test]
async fn a_login_that_is_refused_has_one_answer_and_a_spent_token_ends_the_login() {
    let app = app(&[]);
    made(&app, "ada@example.org", "viewer").await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("ada@example.org", "wrong horse battery"),
        ("ada@example.org", "x"),
        ("nobody@example.org", PASSWORD),
    ] {
        let answer = anonymous(&app, LOGIN, &json!({"email": email, "password": password})).await;
        assert_eq!(
            (answer.code(), answer.header("www-authenticate")),
            ("unauthenticated".to_owned(), "Bearer")
        );
        let mut body = answer.json();
        body["request_id"] = Value::Null;
        answers.push(body);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let wrong = anonymous(&app, LOGIN, &json!({"email": "ada", "password": "x".repeat(200)})).await;
    assert_eq!(faults(&wrong).len(), 2);

    let login = anonymous(&app, LOGIN, &json!({"email": "ada@example.org", "password": PASSWORD}))
        .await
        .json();
    let first = json!({"refresh_token": login["refresh_token"]});
    let second = anonymous(&app, REFRESH, &first).await.json();
    let second = json!({"refresh_token": second["refresh_token"]});
    for token in [&first, &second, &json!({"refresh_token": "swr_"})] {
        let answer = anonymous(&app, REFRESH, token).await;
        assert_eq!(answer.code(), "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), r#"Bearer error="invalid_token""#);
    }
}

#[tokio::test]
async fn a_key_is_exchanged_for_a_token_in_oauth_s_words() {
    let app = app(&[]);
    let made = post(&app, KEYS, &json!({"name": "x", "scopes": ["runs:read", "runs:write"]}))
        .await
        .json();
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let grant = "grant_type=client_credentials";
    let in_form = format!("{grant}&client_id={id}&client_secret={secret}");
    let basic = format!("{id}:{secret}");
    for answer in [form(&app, None, &in_form).await, form(&app, Some(&basic), grant).await] {
        let body = answer.json();
        assert_eq!(
            (answer.status.as_u16(), answer.header("cache-control")),
            (200, "no-store")
        );
        assert_eq!(
            (&body["token_type"], &body["scope"]),
            (&json!("Bearer"), &json!("runs:read runs:write"))
        );
        assert_eq!(&*principal_of(&body["access_token"]).subject, id);
    }
    let fewer = form(&app, None, &format!("{in_form}&scope=runs%3Aread")).await.json();
    assert_eq!(fewer["scope"], "runs:read");
    let other = format!("{}{}", &secret[..secret.len() - 3], "AAA");
    let cases = [
        (form(&app, None, grant).await, 401, "invalid_client"),
        (
            form(&app, None, &format!("{grant}&client_secret={other}")).await,
            401,
            "invalid_client",
        ),
        (
            form(&app, None, &format!("{grant}&client_secret=x")).await,
            401,
            "invalid_client",
        ),
        (
            form(&app, None, &format!("{in_form}&client_id=")).await,
            400,
            "invalid_request",
        ),
        (
            form(&app, Some(&format!("key_01h455vb4pex5vsknk084sn02q:{secret}")), grant).await,
            401,
            "invalid_client",
        ),
        (form(&app, Some(&basic), &in_form).await, 400, "invalid_request"),
        (
            form(&app, None, &format!("{in_form}&scope=audit:read")).await,
            400,
            "invalid_scope",
        ),
        (
            form(&app, None, &in_form.replace("client_credentials", "password")).await,
            400,
            "unsupported_grant_type",
        ),
        (form(&app, None, "").await, 400, "invalid_request"),
        (
            anonymous(&app, TOKEN, &json!({"grant_type": "client_credentials"})).await,
            400,
            "invalid_request",
        ),
    ];
    for (answer, status, error) in cases {
        assert_eq!(answer.status, status, "{error}");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.json()["error"], error);
        assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
        assert!(!String::from_utf8(answer.body.to_vec()).unwrap().contains(&secret[30..]));
    }
    let large = format!("{grant}&x={}", "y".repeat(2 << 20));
    assert_eq!(form(&app, None, &large).await.code(), "payload-too-large");
}
