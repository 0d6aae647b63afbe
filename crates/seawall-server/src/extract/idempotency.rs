use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request};
use http::header::{HeaderMap, HeaderName};
use http::request::Parts;
use http::{Method, Uri};
use seawall_engine::IdempotentRequest;
use seawall_guard::problem::{Problem, kinds, parse_json, read_body, require_json};
use seawall_store::Digest;
use serde::de::DeserializeOwned;

use crate::identity::{Principal, principal_of};

/// On the answer to a request that did nothing because an earlier one of its key had done it.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

const LONGEST: usize = 255;

/// A JSON body of a POST that creates, with the `Idempotency-Key` it came under.
pub(crate) struct Keyed<T> {
    pub(crate) value: T,
    pub(crate) key: Option<IdempotentRequest>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Keyed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        require_json(request.headers())?;
        let (parts, body) = request.into_parts();
        let bytes = read_body(body).await?;
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let by = principal_of(&parts.extensions)?;
        let key = idempotency(&parts.headers, by, route, &parts.uri, &bytes)?;
        let value = parse_json(&bytes)?;
        Ok(Self { value, key })
    }
}

/// The `Idempotency-Key` of a POST without a body that creates.
pub(crate) struct KeyOnly(pub(crate) Option<IdempotentRequest>);

impl<S: Send + Sync> FromRequestParts<S> for KeyOnly {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let by = principal_of(&parts.extensions)?;
        idempotency(&parts.headers, by, route, &parts.uri, &[]).map(Self)
    }
}

/// The `Idempotency-Key` of a request, bound to tenant, principal, method and route; the fingerprint covers the path's
/// parameters and the body's bytes.
///
/// # Errors
/// `bad-request` for a key that is empty, too long or not of visible ASCII, and for two.
pub(super) fn idempotency(
    headers: &HeaderMap,
    by: &Principal,
    route: &str,
    uri: &Uri,
    body: &[u8],
) -> Result<Option<IdempotentRequest>, Problem> {
    let mut sent = headers.get_all("idempotency-key").into_iter();
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    if sent.next().is_some() {
        // Of two nobody knows which is meant, and the wrong one would do the work twice.
        return Err(Problem::new(&kinds::BAD_REQUEST).with_detail("Idempotency-Key stands there twice."));
    }
    let key = value.as_bytes();
    if key.is_empty() || key.len() > LONGEST || !key.iter().all(u8::is_ascii_graphic) {
        return Err(
            Problem::new(&kinds::BAD_REQUEST).with_detail("Idempotency-Key must be 1 to 255 visible ASCII characters.")
        );
    }
    let scope = [by.tenant.as_str(), &by.subject, Method::POST.as_str(), route].map(str::as_bytes);
    let [tenant, subject, method, route] = scope;
    Ok(Some(IdempotentRequest {
        key: Digest::of_parts(&[tenant, subject, method, route, key]),
        fingerprint: Digest::of_parts(&[uri.path().as_bytes(), body]),
    }))
}
