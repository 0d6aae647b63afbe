//! What must never be read in a log.

use std::io::Write;
use std::sync::{Arc, Mutex};

use http::{Method, Request};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::tickets::events;
use super::world::{KEYS, PASSWORD, USERS, admin, anonymous, call, furnished, post};
use crate::support::send_as_it_is;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_addresses_nor_passwords_nor_any_secret_is_ever_logged() {
    let log = Log::default();
    // While there is one dispatcher only, a callsite that another test meets first is off for this one too.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let app = furnished().await;
    let (email, wrong) = ("planted@example.org", "planted-wrong-password");
    let user = json!({"email": email, "password": PASSWORD, "role": "admin"});
    let made = post(&app, USERS, &user).await;
    post(&app, USERS, &user).await;
    call(&app, &admin(), Method::DELETE, made.header("location"), &Value::Null).await;
    for password in [wrong, PASSWORD] {
        anonymous(
            &app,
            "/api/v1/auth/login",
            &json!({"email": email, "password": password}),
        )
        .await;
    }
    anonymous(
        &app,
        "/api/v1/auth/login",
        &json!({"email": "planted at home", "password": wrong}),
    )
    .await;
    let login = anonymous(
        &app,
        "/api/v1/auth/login",
        &json!({"email": email, "password": PASSWORD}),
    )
    .await
    .json();
    let refresh = json!({"refresh_token": login["refresh_token"]});
    let next = anonymous(&app, "/api/v1/auth/refresh", &refresh).await.json();
    anonymous(&app, "/api/v1/auth/refresh", &refresh).await;
    let key = post(&app, KEYS, &json!({"name": "x", "scopes": ["runs:read"]}))
        .await
        .json();
    let secret = key["secret"].as_str().unwrap();
    let form = format!("grant_type=client_credentials&client_secret={secret}");
    for form in [
        form.clone(),
        format!("{form}&scope=users:admin"),
        form.replace("sw_", "sx_"),
    ] {
        let request = Request::post("/api/v1/auth/token").header("content-type", "application/x-www-form-urlencoded");
        send_as_it_is(&app, request, form).await;
    }
    let events = events(&app).await;
    let ticket = post(&app, &format!("{events}/ticket"), &Value::Null).await.json();
    let ticket = ticket["ticket"].as_str().unwrap();
    // Of another run: refused.
    let path = format!("/api/v1/runs/run_01h455vb4pex5vsknk084sn02q/events?ticket={ticket}");
    assert_eq!(send_as_it_is(&app, Request::get(path), ()).await.status, 401);

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains("/api/v1/auth/login") && text.contains("/api/v1/runs/{run_id}/events"),
        "{text}"
    );
    let field = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let secrets = [
        "planted".to_owned(),
        PASSWORD.to_owned(),
        field(&login, "access_token"),
        field(&login, "refresh_token")[4..].to_owned(),
        field(&next, "refresh_token")[4..].to_owned(),
        secret[30..].to_owned(),
        ticket[4..].to_owned(),
    ];
    for secret in secrets {
        let at = text.find(&secret);
        assert!(at.is_none(), "{}", &text[at.unwrap_or(0).saturating_sub(300)..]);
    }
}
