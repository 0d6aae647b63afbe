use crate::hardened_axum::Settings;
use crate::service::{KEY, Service, request};

/// A UUID of version 7, as the service makes them.
fn is_made(id: &str) -> bool {
    let form = "xxxxxxxx-xxxx-7xxx-xxxx-xxxxxxxxxxxx";
    id.len() == form.len()
        && id.chars().zip(form.chars()).all(|(is, form)| match form {
            'x' => is.is_ascii_digit() || ('a'..='f').contains(&is),
            form => is == form,
        })
}

#[tokio::test]
async fn an_id_is_taken_over_whole_or_not_at_all() {
    let service = Service::start(&Settings::local(KEY)).await;
    let (longest, longer) = ("a".repeat(128), "a".repeat(129));
    let large = "a".repeat(10_000);
    for (sent, taken) in [
        ("id-1_B.c", true),
        (longest.as_str(), true),
        (longer.as_str(), false),
        (large.as_str(), false),
        ("", false),
        ("a b", false),
        ("a\tb", false),
        ("a,b", false),
        ("a;b=c", false),
        ("../../etc/passwd", false),
        ("<script>alert(1)</script>", false),
        ("{\"level\":\"ERROR\"}", false),
        ("${jndi:ldap://evil.example}", false),
        ("%0d%0aSet-Cookie:%20a=b", false),
        ("\u{e4}", false),
        ("\u{202e}evil", false),
    ] {
        let fields = format!("X-Request-ID: {sent}\r\n");
        let answer = service.send(request("GET /nowhere", &fields, "")).await;
        assert_eq!(answer.code(), "not-found");
        let id = answer.field("x-request-id").unwrap();
        assert_eq!(id == sent, taken, "{sent:.40}");
        assert!(taken || is_made(id), "{id:.40}");
        assert_eq!(service.lines().last().unwrap()["request.id"], id);
    }
}

/// A line end ends the field, wherever it stands: what follows is a field of the request, and never one of the answer.
#[tokio::test]
async fn a_line_end_in_an_id_adds_nothing_to_the_answer() {
    let service = Service::start(&Settings::local(KEY)).await;
    for end in ["\r\n", "\n"] {
        let fields = format!("X-Request-ID: id-1{end}Set-Cookie: a=b\r\n");
        let answer = service.send(request("GET /health", &fields, "")).await;
        assert_eq!((answer.status, answer.field("x-request-id")), (200, Some("id-1")));
        assert_eq!(answer.field("set-cookie"), None);
    }
    for control in ["\r", "\0", "\u{b}"] {
        let fields = format!("X-Request-ID: id-1{control}Set-Cookie: a=b\r\n");
        let answer = service.send(request("GET /health", &fields, "")).await;
        // By hyper, which is no request's answer.
        assert_eq!((answer.status, answer.body.as_str()), (400, ""), "{control:?}");
        assert_eq!(answer.field("set-cookie"), None);
    }
    assert_eq!(service.lines().len(), 2);
}

#[tokio::test]
async fn a_trace_is_gone_on_with_only_if_it_is_one() {
    let service = Service::start(&Settings::local(KEY)).await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    for (sent, taken) in [
        (format!("00-{trace}-b7ad6b7169203331-01"), true),
        (
            format!("00-{trace}-b7ad6b7169203331-01\r\ntraceparent: 00-{trace}-b7ad6b7169203331-01"),
            false,
        ),
        (format!("00-{}-b7ad6b7169203331-01", trace.to_uppercase()), false),
        (format!("00-{trace}-0000000000000000-01"), false),
        (format!("ff-{trace}-b7ad6b7169203331-01"), false),
        (format!("00-{trace}-b7ad6b7169203331-01-more"), false),
        (format!("00-{trace}-b7ad6b7169203331-01{}", "x".repeat(10_000)), false),
        (format!("00-{trace}-b7ad6b7169203331"), false),
        (format!("00-{trace}-\"}}\u{1f}-01").replace('\u{1f}', "\t"), false),
    ] {
        let fields = format!("traceparent: {sent}\r\n");
        let answer = service.send(request("GET /health", &fields, "")).await;
        let named = answer.field("traceparent").unwrap();
        assert_eq!(named.len(), 55, "{named}");
        assert_eq!(named[3..35] == *trace, taken, "{sent:.80}");
        assert_eq!(service.lines().last().unwrap()["trace.id"], named[3..35]);
    }
}
