use std::str::FromStr;
use std::sync::Arc;

use http::Request;
use http::header;
use http::uri::Authority;

/// A host's name, an address, or `*.` and a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HostPattern {
    Exact(Box<str>),
    /// With the dot before it.
    Below(Box<str>),
}

/// Why a text is no pattern of hosts.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HostPatternError {
    #[error("`{0}` is no host name: letters, digits, `-`, `.`, or an address; no port, path or scheme")]
    Name(String),
    #[error("`{0}`: only `*.` at the beginning of a name is a wildcard")]
    Wildcard(String),
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, HostPatternError> {
        let lower = text.trim().to_ascii_lowercase();
        let (name, below) = match lower.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (lower.as_str(), false),
        };
        if name.contains('*') {
            return Err(HostPatternError::Wildcard(text.to_owned()));
        }
        let address = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let is_address = address.is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
        let is_name = !name.is_empty()
            && name.len() <= 253
            && name.split('.').all(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            });
        match (is_name, is_address, below) {
            (true, _, true) => Ok(Self::Below(format!(".{name}").into())),
            (true, _, false) | (_, true, false) => Ok(Self::Exact(name.into())),
            _ => Err(HostPatternError::Name(text.to_owned())),
        }
    }
}

impl HostPattern {
    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => host.eq_ignore_ascii_case(name),
            Self::Below(suffix) => {
                // By bytes: a foreign name may have any.
                let (host, suffix) = (host.as_bytes(), suffix.as_bytes());
                host.len() > suffix.len() && host[host.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
            }
        }
    }
}

/// The names that a server answers to. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TrustedHosts(Arc<[HostPattern]>);

impl FromIterator<HostPattern> for TrustedHosts {
    fn from_iter<I: IntoIterator<Item = HostPattern>>(patterns: I) -> Self {
        Self(patterns.into_iter().collect())
    }
}

impl TrustedHosts {
    /// This machine, by its own names only.
    #[must_use]
    pub fn loopback() -> Self {
        ["localhost", "127.0.0.1", "[::1]"]
            .into_iter()
            .map(|name| HostPattern::Exact(name.into()))
            .collect()
    }

    /// These and more.
    #[must_use]
    pub fn and(&self, more: impl IntoIterator<Item = HostPattern>) -> Self {
        self.0.iter().cloned().chain(more).collect()
    }

    #[must_use]
    pub fn contains(&self, authority: &Authority) -> bool {
        let has_user = authority.as_str().contains('@');
        let host = authority.host();
        // A name may end with the dot of the root.
        let host = host.strip_suffix('.').unwrap_or(host);
        !has_user && self.0.iter().any(|pattern| pattern.matches(host))
    }
}

/// The one host that a request names: in its target (HTTP/2, absolute form), or in its only `Host` header.
#[must_use]
pub fn host_of<B>(request: &Request<B>) -> Option<Authority> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.clone());
    }
    let mut values = request.headers().get_all(header::HOST).into_iter();
    let (only, None) = (values.next()?, values.next()) else {
        return None;
    };
    Authority::try_from(only.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(patterns: &[&str]) -> TrustedHosts {
        patterns.iter().map(|pattern| pattern.parse().unwrap()).collect()
    }

    fn contains(hosts: &TrustedHosts, host: &str) -> bool {
        let request = Request::get("/").header("host", host).body(()).unwrap();
        host_of(&request).is_some_and(|host| hosts.contains(&host))
    }

    #[test]
    fn a_host_is_one_of_the_names_and_nothing_like_it() {
        let ours = hosts(&["API.example.com", "*.apps.example.com", "10.0.0.7", "[2001:db8::1]"]);
        for host in [
            "api.example.com",
            "API.EXAMPLE.com:8443",
            "api.example.com.",
            "a.apps.example.com",
            "a.b.apps.example.com:1",
            "10.0.0.7:80",
            "[2001:db8::1]:80",
        ] {
            assert!(contains(&ours, host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "xapi.example.com",
            "api.example.com.evil.example",
            "apps.example.com",
            ".apps.example.com",
            "evilapps.example.com",
            "user@api.example.com",
            "api.example.com@evil.example",
            "api.example.com/x",
            "api.example.com, evil.example",
            "10.0.0.70",
        ] {
            assert!(!contains(&ours, host), "{host}");
        }
    }

    #[test]
    fn the_target_counts_before_the_header() {
        let request = Request::get("http://evil.example/x")
            .header("host", "localhost")
            .body(())
            .unwrap();
        assert_eq!(host_of(&request).unwrap(), "evil.example");
        let two = Request::get("/")
            .header("host", "localhost")
            .header("host", "localhost")
            .body(())
            .unwrap();
        assert_eq!(host_of(&two), None);
        assert_eq!(host_of(&Request::get("/").body(()).unwrap()), None);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "",
            "https://a.example",
            "a.example:80",
            "a/b",
            "a..b",
            "*.",
            "[1.2.3.4]",
            "*.[::1]",
            "ä.example",
        ] {
            assert_eq!(
                text.parse::<HostPattern>(),
                Err(HostPatternError::Name(text.into())),
                "{text}"
            );
        }
        for text in ["*", "a.*.example", "*a.example", "*.*.example"] {
            assert_eq!(
                text.parse::<HostPattern>(),
                Err(HostPatternError::Wildcard(text.into())),
                "{text}"
            );
        }
    }

    #[test]
    fn loopback_has_its_three_names() {
        for (host, expected) in [
            ("localhost:8000", true),
            ("127.0.0.1", true),
            ("[::1]:80", true),
            ("127.0.0.1.nip.io", false),
            ("0.0.0.0", false),
        ] {
            assert_eq!(contains(&TrustedHosts::loopback(), host), expected, "{host}");
        }
    }
}
