use http::{Method, Request};
use seawall_server::identity::{Principal, Scope, Scopes};
use seawall_store::TenantId;
use serde_json::{Value, json};

use super::world::{PASSWORD, USERS, admin, anonymous, by, call, faults, made, post, read, stranger, user};
use crate::support::{app, send, send_as_it_is};

#[tokio::test]
async fn a_user_is_made_read_changed_and_deleted() {
    let app = app(&[]);
    let answer = post(&app, USERS, &user("Ada@Example.org", "operator")).await;
    assert_eq!(answer.status, 201);
    let path = answer.header("location").to_owned();
    let mut body = answer.json();
    assert_eq!(path, format!("{USERS}/{}", body["id"].as_str().unwrap()));
    let found = read(&app, &admin(), &path).await;
    assert_eq!(
        (found.json(), found.header("etag")),
        (answer.json(), answer.header("etag"))
    );
    for field in ["id", "created_at", "updated_at"] {
        assert!(body[field].is_string(), "{field}");
        body[field] = "…".into();
    }
    insta::assert_json_snapshot!(body);

    let patch = |tag: String| {
        by(&admin(), Request::patch(&path))
            .header("content-type", "application/json")
            .header("if-match", tag)
    };
    let change = json!({"role": "viewer", "active": false}).to_string();
    let stale = send(&app, patch("\"0000\"".to_owned()), change.clone()).await;
    assert_eq!(stale.code(), "precondition-failed");
    let changed = send(&app, patch(found.header("etag").to_owned()), change.clone()).await;
    assert_eq!(
        (&changed.json()["role"], &changed.json()["active"]),
        (&json!("viewer"), &json!(false))
    );
    assert_ne!(changed.header("etag"), found.header("etag"));
    assert_eq!(
        send(&app, patch(found.header("etag").to_owned()), change).await.code(),
        "precondition-failed"
    );

    let listed = read(&app, &admin(), USERS).await.json();
    assert_eq!(listed["items"], json!([changed.json()]));
    assert_eq!(
        call(&app, &admin(), Method::DELETE, &path, &Value::Null).await.status,
        204
    );
    assert_eq!(read(&app, &admin(), &path).await.code(), "not-found");
    // The address is free again.
    made(&app, "ada@example.org", "viewer").await;
}

#[tokio::test]
async fn all_that_is_wrong_with_a_user_is_told_at_once_and_nothing_of_it_is_quoted() {
    let app = app(&[]);
    let answer = post(
        &app,
        USERS,
        &json!({"email": "ada at home", "password": "short", "role": "king"}),
    )
    .await;
    let told = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(
        faults(&answer),
        [
            told("/email", "invalid-email"),
            told("/password", "invalid-password"),
            told("/role", "unknown-value")
        ]
    );
    let path = made(&app, "ada@example.org", "viewer").await;
    let answer = call(
        &app,
        &admin(),
        Method::PATCH,
        &path,
        &json!({"password": "x".repeat(129), "role": ""}),
    )
    .await;
    assert_eq!(
        faults(&answer),
        [told("/role", "unknown-value"), told("/password", "invalid-password")]
    );
    for (body, pointer, code) in [
        (
            json!({"email": 4711, "password": PASSWORD, "role": "viewer"}),
            "/email",
            "invalid-type",
        ),
        (
            json!({"email": "ada@example.org", "password": 4711, "role": "viewer"}),
            "/password",
            "invalid-type",
        ),
        (
            json!({"email": "ada@example.org", "password": ["4711"], "role": "viewer"}),
            "/password",
            "invalid-type",
        ),
        (
            json!({"email": "ada@example.org", "role": "viewer"}),
            "/password",
            "required",
        ),
        (
            json!({"email": "ada@example.org", "password": PASSWORD, "role": "viewer", "x": 1}),
            "/x",
            "unknown-field",
        ),
    ] {
        let answer = post(&app, USERS, &body).await;
        assert_eq!(faults(&answer), [told(pointer, code)]);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(!text.contains("4711") && !text.contains(PASSWORD), "{text}");
    }
}

#[tokio::test]
async fn users_are_for_who_administers_them_and_belong_to_one_tenant() {
    let app = app(&[]);
    let path = made(&app, "ada@example.org", "admin").await;
    let reader = Principal::service(TenantId::default(), "some", Scopes::of(&[Scope::RunsRead]));
    for (method, path) in [
        (Method::GET, USERS),
        (Method::POST, USERS),
        (Method::GET, path.as_str()),
        (Method::PATCH, path.as_str()),
        (Method::DELETE, path.as_str()),
    ] {
        let body = if method == Method::PATCH {
            json!({})
        } else {
            user("x@example.org", "viewer")
        };
        let answer = call(&app, &reader, method.clone(), path, &body).await;
        assert_eq!(
            (answer.code(), &answer.json()["required_scope"]),
            ("insufficient-scope".to_owned(), &json!("users:admin"))
        );
    }
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(
            call(&app, &stranger(), method, &path, &Value::Null).await.code(),
            "not-found"
        );
    }
    let patched = call(&app, &stranger(), Method::PATCH, &path, &json!({"role": "viewer"})).await;
    assert_eq!(patched.code(), "not-found");
    assert_eq!(read(&app, &stranger(), USERS).await.json()["items"], json!([]));
    for id in ["usr_x", "key_01h455vb4pex5vsknk084sn02q"] {
        assert_eq!(read(&app, &admin(), &format!("{USERS}/{id}")).await.code(), "not-found");
    }
    // An address belongs to one user of all tenants: a login names none.
    let taken = call(
        &app,
        &stranger(),
        Method::POST,
        USERS,
        &user("ADA@example.org", "viewer"),
    )
    .await;
    assert_eq!(taken.code(), "conflict");
    let answer = send_as_it_is(&app, Request::get(USERS), ()).await;
    assert_eq!(
        (answer.code(), answer.header("www-authenticate")),
        ("unauthenticated".to_owned(), "Bearer")
    );
    let unknown = anonymous(&app, USERS, &user("x@example.org", "viewer")).await;
    assert_eq!(unknown.code(), "unauthenticated");
}

#[tokio::test]
async fn nobody_administers_more_than_they_may_do_and_the_last_admin_stays() {
    let app = app(&[]);
    let path = made(&app, "ada@example.org", "admin").await;
    let some = Principal::service(TenantId::default(), "some", Scopes::of(&[Scope::UsersAdmin]));
    let answer = call(&app, &some, Method::POST, USERS, &user("eve@example.org", "admin")).await;
    assert_eq!(
        (answer.code(), &answer.json()["required_scope"]),
        ("insufficient-scope".to_owned(), &json!("workflows:read"))
    );
    let taken = call(&app, &some, Method::PATCH, &path, &json!({"password": PASSWORD})).await;
    assert_eq!(taken.code(), "insufficient-scope");
    for (method, body) in [
        (Method::PATCH, json!({"role": "viewer"})),
        (Method::PATCH, json!({"active": false})),
        (Method::DELETE, Value::Null),
    ] {
        assert_eq!(call(&app, &admin(), method, &path, &body).await.code(), "conflict");
    }
}
