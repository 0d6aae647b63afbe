use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, Uri};
use http::{Method, Request};

use crate::trusted_hosts::host_of;

/// An origin in the form in which browsers send it: `https://app.example.com`, with a port where it is not the scheme's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin(HeaderValue);

/// Why a text is no origin.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "`{0}` is no origin as browsers send it: a scheme, a host in small letters and a port other than the usual one, as in `https://app.example.com`"
)]
pub struct OriginError(String);

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let error = || OriginError(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| error())?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(error());
        };
        let usual = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(error()),
        };
        let plain = format!("{scheme}://{authority}");
        let as_sent = plain == text
            && !text
                .bytes()
                .any(|byte| byte.is_ascii_uppercase() || byte == b'*' || byte == b'@')
            && authority.port_u16() != Some(usual)
            && !authority.as_str().ends_with(':');
        if !as_sent {
            return Err(error());
        }
        HeaderValue::try_from(text).map(Self).map_err(|_| error())
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Origins {
    /// Anybody, without credentials.
    Public,
    These {
        origins: Vec<Origin>,
        credentials: bool,
    },
}

/// Who may call from where. Cheap to clone.
#[derive(Clone, Debug)]
pub struct CorsPolicy(Arc<Rules>);

#[derive(Clone, Debug)]
struct Rules {
    origins: Origins,
    methods: HeaderValue,
    headers: HeaderValue,
    exposed: Option<HeaderValue>,
    max_age: HeaderValue,
}

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type");
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

impl CorsPolicy {
    fn of(origins: Origins) -> Self {
        Self(Arc::new(Rules {
            origins,
            methods: METHODS,
            headers: HEADERS,
            exposed: None,
            max_age: MAX_AGE,
        }))
    }

    /// Pages of these origins and of the server's own; none of them may send cookies. With no origins: only its own.
    pub fn exact(origins: impl IntoIterator<Item = Origin>) -> Self {
        Self::of(Origins::These {
            origins: origins.into_iter().collect(),
            credentials: false,
        })
    }

    /// As [`CorsPolicy::exact`], and their browsers may send cookies and show what is answered to the page.
    pub fn exact_with_credentials(origins: impl IntoIterator<Item = Origin>) -> Self {
        Self::of(Origins::These {
            origins: origins.into_iter().collect(),
            credentials: true,
        })
    }

    /// Pages of every origin, for what anybody may read. Never with credentials.
    #[must_use]
    pub fn public() -> Self {
        Self::of(Origins::Public)
    }

    /// What a page may ask with; GET, HEAD, POST, PUT, PATCH and DELETE unless told.
    #[must_use]
    pub fn methods(mut self, methods: &[Method]) -> Self {
        Arc::make_mut(&mut self.0).methods = list(methods.iter().map(Method::as_str));
        self
    }

    /// Request headers beyond the simple ones; `authorization` and `content-type` unless told.
    #[must_use]
    pub fn headers(mut self, names: &[HeaderName]) -> Self {
        Arc::make_mut(&mut self.0).headers = list(names.iter().map(HeaderName::as_str));
        self
    }

    /// Answer headers that scripts may read, beyond the simple ones.
    #[must_use]
    pub fn expose(mut self, names: &[HeaderName]) -> Self {
        Arc::make_mut(&mut self.0).exposed = Some(list(names.iter().map(HeaderName::as_str)));
        self
    }

    /// How long a browser may remember the answer to a preflight; 10 minutes unless told.
    #[must_use]
    pub fn max_age(mut self, time: Duration) -> Self {
        Arc::make_mut(&mut self.0).max_age = HeaderValue::from(time.as_secs());
        self
    }

    /// What is to be done with a request.
    pub(super) fn judge<B>(&self, request: &Request<B>) -> Verdict {
        let mut sent = request.headers().get_all(header::ORIGIN).into_iter();
        let Some(origin) = sent.next() else {
            return Verdict::NoPage;
        };
        if sent.next().is_some() {
            return Verdict::Refused;
        }
        let preflight = request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if is_own(origin, host_of(request).as_ref()) {
            return Verdict::NoPage;
        }
        let allowed = match &self.0.origins {
            Origins::Public => true,
            Origins::These { origins, .. } => origins.iter().any(|known| known.0 == origin),
        };
        match (allowed, preflight) {
            (false, _) => Verdict::Refused,
            (true, true) => Verdict::Preflight(origin.clone()),
            (true, false) => Verdict::Allowed(origin.clone()),
        }
    }

    /// Lets the page read the answer.
    pub(super) fn allow(&self, origin: HeaderValue, headers: &mut HeaderMap) {
        match &self.0.origins {
            Origins::Public => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            }
            Origins::These { credentials, .. } => {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                if *credentials {
                    headers.insert(
                        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                        HeaderValue::from_static("true"),
                    );
                }
            }
        }
        if let Some(exposed) = &self.0.exposed {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }

    /// Answers a preflight; the browser compares what it wants with the lists.
    pub(super) fn allow_preflight(&self, headers: &mut HeaderMap) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, self.0.methods.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, self.0.headers.clone());
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, self.0.max_age.clone());
    }

    /// Whether answers differ by origin: then caches have to know.
    pub(super) fn varies(&self) -> bool {
        self.0.origins != Origins::Public
    }
}

/// See [`CorsPolicy::judge`].
pub(super) enum Verdict {
    /// No page of another origin sent it.
    NoPage,
    Allowed(HeaderValue),
    Preflight(HeaderValue),
    Refused,
}

/// The page came from the host that the request names. Its scheme is not compared: TLS may end before the server.
fn is_own(origin: &HeaderValue, host: Option<&Authority>) -> bool {
    let authority = origin.to_str().ok().and_then(|origin| {
        let rest = origin.strip_prefix("https://");
        rest.or_else(|| origin.strip_prefix("http://"))
    });
    match (authority, host) {
        (Some(authority), Some(host)) => authority.eq_ignore_ascii_case(host.as_str()),
        _ => false,
    }
}

fn list<'a>(parts: impl Iterator<Item = &'a str>) -> HeaderValue {
    let joined = parts.collect::<Vec<_>>().join(", ");
    HeaderValue::try_from(joined).expect("names of methods and headers are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for text in ["https://app.example.com", "http://localhost:3000", "https://[::1]:8443"] {
            assert!(text.parse::<Origin>().is_ok(), "{text}");
        }
        for text in [
            "",
            "*",
            "null",
            "app.example.com",
            "https://*.example.com",
            "https://app.example.com/",
            "https://app.example.com/x",
            "https://App.example.com",
            "https://app.example.com:443",
            "http://app.example.com:80",
            "https://user@app.example.com",
            "ftp://app.example.com",
            "https://app.example.com:",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError(text.into())), "{text}");
        }
    }
}
