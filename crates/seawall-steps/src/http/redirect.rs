//! Following redirects the way a browser's fetch does, except that headers of the author stay within their origin.

use http::header::{self, HeaderMap, HeaderName};
use http::{Method, StatusCode};
use reqwest::Url;

use crate::http::request::HttpRequest;

pub(crate) const MAX_REDIRECTS: usize = 5;

/// What may go to another origin: it describes the message. Anything else, a credential or not, was meant for the first.
static PORTABLE: [HeaderName; 5] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_TYPE,
    header::USER_AGENT,
    HeaderName::from_static("idempotency-key"),
];

/// The request that the response asks for. None when it asks for none, or for one that cannot be sent.
pub(crate) fn next(request: &HttpRequest, status: StatusCode, headers: &HeaderMap) -> Option<HttpRequest> {
    let becomes_get = match status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method == Method::POST,
        StatusCode::SEE_OTHER => !matches!(request.method, Method::GET | Method::HEAD),
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => false,
        _ => return None,
    };
    let url = target(&request.url, headers)?;
    let mut next = request.clone();
    if becomes_get {
        next.method = Method::GET;
        next.body = None;
        next.headers.remove(header::CONTENT_TYPE);
    }
    if url.origin() != request.url.origin() {
        next.headers = PORTABLE
            .iter()
            .filter_map(|name| Some((name.clone(), next.headers.get(name)?.clone())))
            .collect();
    }
    next.url = url;
    Some(next)
}

fn target(base: &Url, headers: &HeaderMap) -> Option<Url> {
    let location = headers.get(header::LOCATION)?.to_str().ok()?;
    let mut url = base.join(location).ok()?;
    url.set_fragment(None);
    let plain = url.username().is_empty() && url.password().is_none();
    (plain && matches!(url.scheme(), "http" | "https")).then_some(url)
}
