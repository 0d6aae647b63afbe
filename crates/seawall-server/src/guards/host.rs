use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{self, HeaderMap};
use http::uri::Authority;
use seawall_guard::problem::{Problem, ProblemKind, kinds};

/// Load balancers ask these, by addresses of their own.
const EXEMPT: [&str; 3] = ["/health", "/ready", "/health/ready"];

/// As long as there is no identity: only requests for this machine by a loopback name (a foreign Host is what DNS rebinding
/// looks like), and only from pages of this very server.
pub(crate) async fn check_host(request: Request, next: Next) -> Response {
    match refusal(&request) {
        Some(kind) if !EXEMPT.contains(&request.uri().path()) => Problem::new(kind).into_response(),
        _ => next.run(request).await,
    }
}

fn refusal(request: &Request) -> Option<&'static ProblemKind> {
    let Some(host) = host(request).filter(is_loopback) else {
        return Some(&kinds::HOST_NOT_ALLOWED);
    };
    (!is_own_origin(request.headers(), &host)).then_some(&kinds::ORIGIN_NOT_ALLOWED)
}

/// The one host that the request names: in its target (HTTP/2, absolute form) or in its only `Host` header.
fn host(request: &Request) -> Option<Authority> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.clone());
    }
    let mut values = request.headers().get_all(header::HOST).into_iter();
    let (only, None) = (values.next()?, values.next()) else {
        return None;
    };
    Authority::try_from(only.as_bytes()).ok()
}

fn is_loopback(authority: &Authority) -> bool {
    let has_user = authority.as_str().contains('@');
    let host = authority.host();
    !has_user && (host.eq_ignore_ascii_case("localhost") || host == "127.0.0.1" || host == "[::1]")
}

/// No page sent it, or a page that this server served.
fn is_own_origin(headers: &HeaderMap, host: &Authority) -> bool {
    headers.get_all(header::ORIGIN).into_iter().all(|origin| {
        let authority = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.split_once("://"))
            .map(|(_, a)| a);
        authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn code(host: Option<&str>, origin: Option<&str>) -> Option<&'static str> {
        let mut request = Request::get("/x");
        if let Some(host) = host {
            request = request.header("host", host);
        }
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        refusal(&request.body(Body::empty()).unwrap()).map(|kind| kind.code)
    }

    #[test]
    fn only_loopback_names_are_answered() {
        for host in [
            "localhost",
            "LocalHost:8000",
            "127.0.0.1",
            "127.0.0.1:1",
            "[::1]",
            "[::1]:80",
        ] {
            assert_eq!(code(Some(host), None), None, "{host}");
        }
        for host in [
            "example.com",
            "localhost.example.com",
            "127.0.0.1.nip.io",
            "a@localhost",
            "0.0.0.0",
            "",
        ] {
            assert_eq!(code(Some(host), None), Some("host-not-allowed"), "{host}");
        }
        assert_eq!(code(None, None), Some("host-not-allowed"));
    }

    #[test]
    fn only_our_own_pages_may_call() {
        assert_eq!(code(Some("localhost:8000"), Some("http://localhost:8000")), None);
        for origin in [
            "http://evil.example",
            "null",
            "http://localhost:3000",
            "http://localhost:8000.evil.example",
        ] {
            assert_eq!(
                code(Some("localhost:8000"), Some(origin)),
                Some("origin-not-allowed"),
                "{origin}"
            );
        }
    }

    #[test]
    fn two_hosts_are_none() {
        let request = Request::get("/")
            .header("host", "localhost")
            .header("host", "evil.example");
        let kind = refusal(&request.body(Body::empty()).unwrap()).unwrap();
        assert_eq!(kind.code, "host-not-allowed");
    }
}
