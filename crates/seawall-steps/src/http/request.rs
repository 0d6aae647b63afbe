//! The request of an `http` step, read from its rendered `with`.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use reqwest::Url;
use seawall_engine::{Attempt, EffectClass, StepError};
use serde_json::Value;

use crate::fields::{Fields, invalid};

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Headers that frame the message or belong to the connection: the client's business.
static RESERVED: [HeaderName; 6] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

#[derive(Clone)]
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    accept_status: Vec<u64>,
}

impl HttpRequest {
    pub(crate) fn read(with: &Value, attempt: &Attempt) -> Result<Self, StepError> {
        let fields = Fields::of(with)?;
        let method = read_method(&fields)?;
        let url = read_url(&fields)?;
        let mut headers = read_headers(&fields)?;
        let body = read_body(&fields, &mut headers)?;
        if matches!(attempt.effect, EffectClass::Idempotent | EffectClass::Once) {
            let key = HeaderValue::try_from(attempt.effect_key.to_string()).expect("hexadecimal digits fit a header");
            headers.entry(&IDEMPOTENCY_KEY).or_insert(key);
        }
        Ok(Self {
            method,
            url,
            headers,
            body,
            accept_status: fields.integers("accept_status")?,
        })
    }

    pub(crate) fn accepts(&self, status: StatusCode) -> bool {
        status.is_success() || self.accept_status.contains(&u64::from(status.as_u16()))
    }

    /// The method and where it goes, without query and credentials.
    pub(crate) fn describe(&self) -> String {
        format!(
            "{} {}{}",
            self.method,
            self.url.origin().ascii_serialization(),
            self.url.path()
        )
    }

    pub(crate) fn to_wire(&self) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        *request.body_mut() = self.body.clone().map(reqwest::Body::from);
        request
    }
}

fn read_method(fields: &Fields<'_>) -> Result<Method, StepError> {
    let Some(text) = fields.text("method")? else {
        return Ok(Method::GET);
    };
    match text.to_ascii_uppercase().parse() {
        Ok(Method::CONNECT | Method::TRACE) | Err(_) => Err(invalid("`method` is not a method that can be sent")),
        Ok(method) => Ok(method),
    }
}

fn read_url(fields: &Fields<'_>) -> Result<Url, StepError> {
    let text = fields.text("url")?.ok_or_else(|| invalid("`url` is missing"))?;
    let mut url = Url::parse(&text).map_err(|error| invalid(format!("`url` is not a URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("`url` is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("`url` holds credentials; their place is a header, as a secret"));
    }
    url.set_fragment(None);
    let query = fields.text_map("query")?;
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

fn read_headers(fields: &Fields<'_>) -> Result<HeaderMap, StepError> {
    let mut headers = HeaderMap::new();
    for (name, text) in fields.text_map("headers")? {
        let parsed: HeaderName = name
            .parse()
            .map_err(|_| invalid(format!("`headers.{name}` is not a header name")))?;
        if RESERVED.contains(&parsed) {
            return Err(invalid(format!("`headers.{name}` is set by the client alone")));
        }
        let mut value = HeaderValue::try_from(text)
            .map_err(|_| invalid(format!("`headers.{name}` has characters that a header cannot carry")))?;
        value.set_sensitive(true);
        headers.insert(parsed, value);
    }
    Ok(headers)
}

fn read_body(fields: &Fields<'_>, headers: &mut HeaderMap) -> Result<Option<Bytes>, StepError> {
    let (body, content_type) = match (fields.any("json"), fields.text("text")?) {
        (Some(_), Some(_)) => return Err(invalid("`json` and `text` exclude each other")),
        (Some(json), None) => (json.to_string(), "application/json"),
        (None, Some(text)) => (text, "text/plain; charset=utf-8"),
        (None, None) => return Ok(None),
    };
    headers
        .entry(header::CONTENT_TYPE)
        .or_insert(HeaderValue::from_static(content_type));
    Ok(Some(Bytes::from(body)))
}
