use crate::hardened_axum::Settings;
use crate::service::{KEY, Service, request};

const APP: &str = "https://app.example";

#[tokio::test]
async fn only_the_origin_itself_may_call_and_read() {
    let settings = Settings {
        origins: vec![APP.parse().unwrap()],
        ..Settings::local(KEY)
    };
    let service = Service::start(&settings).await;
    for origin in [
        "null",
        "",
        "*",
        "https://app.example.evil.example",
        "https://app.example.",
        "https://evil-app.example",
        "https://evil.app.example",
        "https://app.exampl",
        "https://app.examplee",
        "https://app_example",
        "https://APP.example",
        "HTTPS://app.example",
        "http://app.example",
        "app.example",
        "//app.example",
        "https://app.example:443",
        "https://app.example:444",
        "https://app.example/",
        "https://app.example/path",
        "https://user@app.example",
        "https://app.example@evil.example",
        "https://app.example https://evil.example",
        "https://app.example, https://evil.example",
        "https://app.example\r\nOrigin: https://evil.example",
        "https://evil.example\r\nOrigin: https://app.example",
        "file://",
        "https://localhost.evil.example",
        "https://evil.example:localhost",
    ] {
        let fields = format!("Origin: {origin}\r\n");
        let answer = service.send(request("GET /problems", &fields, "")).await;
        assert_eq!(answer.code(), "origin-not-allowed", "{origin:?}");
        assert_eq!(answer.field("access-control-allow-origin"), None, "{origin:?}");
        let fields = format!("{fields}Access-Control-Request-Method: POST\r\n");
        let answer = service.send(request("OPTIONS /orders", &fields, "")).await;
        assert_eq!(answer.status, 403, "{origin:?}");
        assert_eq!(answer.field("access-control-allow-methods"), None, "{origin:?}");
    }
    // A page of the service itself, which needs no leave.
    let own = service
        .send(request("GET /problems", "Origin: http://localhost\r\n", ""))
        .await;
    assert_eq!((own.status, own.field("access-control-allow-origin")), (200, None));
    // The one that is allowed may also read why it is refused.
    for (line, status) in [("GET /problems", 200), ("GET /nowhere", 404), ("POST /orders", 401)] {
        let answer = service.send(request(line, &format!("Origin: {APP}\r\n"), "")).await;
        assert_eq!(
            (answer.status, answer.field("access-control-allow-origin")),
            (status, Some(APP))
        );
        assert_eq!(answer.field("access-control-allow-credentials"), None);
        let varies = ("vary".to_owned(), "origin".to_owned());
        assert!(answer.fields.contains(&varies), "a cache would show it to other pages");
    }
}
