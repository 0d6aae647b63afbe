use std::fmt;

use reqwest::Url;

use super::ClaimPath;
use crate::identity::Role;

/// The address of an issuer, exactly as its tokens name it.
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    discovery: Url,
    insecure: bool,
}

/// Why a text is no issuer's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IssuerError {
    #[error("OIDC_ISSUER must be an address such as https://issuer.example/realm")]
    Form,
    #[error("OIDC_ISSUER must have neither user, query nor fragment")]
    Parts,
    #[error("OIDC_ISSUER must be https; plain http is for a loopback address in dev only")]
    Scheme,
}

impl Issuer {
    /// `loopback_http`: whether plain HTTP to this machine will do, as it does in dev.
    ///
    /// # Errors
    /// When the text is no such address.
    pub fn new(text: &str, loopback_http: bool) -> Result<Self, IssuerError> {
        let url = Url::parse(text).map_err(|_| IssuerError::Form)?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || url.query().is_some() || url.fragment().is_some() {
            return Err(IssuerError::Parts);
        }
        if !is_allowed(&url, loopback_http) {
            return Err(IssuerError::Scheme);
        }
        let discovery = format!("{}/.well-known/openid-configuration", text.trim_end_matches('/'));
        Ok(Self {
            text: text.to_owned(),
            discovery: Url::parse(&discovery).map_err(|_| IssuerError::Form)?,
            insecure: loopback_http,
        })
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) const fn discovery(&self) -> &Url {
        &self.discovery
    }

    /// Whether keys may be fetched from there: the rule for the issuer itself.
    pub(super) fn allows(&self, url: &Url) -> bool {
        is_allowed(url, self.insecure)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_allowed(url: &Url, loopback_http: bool) -> bool {
    match url.scheme() {
        "https" => url.host_str().is_some(),
        "http" => loopback_http && is_loopback(url),
        _ => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Whose tokens are taken, for whom they must be, and what they say about tenant and role.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    pub issuer: Issuer,
    pub audience: String,
    /// None: everybody is of the tenant `default`. Otherwise a token without it is refused: nobody falls into another's
    /// tenant by a claim that is missing.
    pub tenant_claim: Option<ClaimPath>,
    /// None: everybody is [`OidcConfig::role`]. Otherwise the highest role that the claim names, and without one none: such a
    /// principal is known and may do nothing.
    pub role_claim: Option<ClaimPath>,
    pub role: Role,
}

impl OidcConfig {
    /// Everybody who has a token of this issuer for this audience reads in the tenant `default`.
    #[must_use]
    pub fn new(issuer: Issuer, audience: &str) -> Self {
        Self {
            issuer,
            audience: audience.to_owned(),
            tenant_claim: None,
            role_claim: None,
            role: Role::Viewer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_https_address_or_in_dev_one_of_this_machine() {
        let both = [
            "https://issuer.example",
            "https://issuer.example/",
            "https://issuer.example:8443/realms/a",
        ];
        let dev = ["http://localhost:8080/realms/a", "http://127.0.0.1:1", "http://[::1]:1"];
        for text in both.into_iter().chain(dev) {
            let issuer = Issuer::new(text, true).unwrap();
            assert_eq!(issuer.as_str(), text);
            assert_eq!(Issuer::new(text, false).is_ok(), text.starts_with("https"));
        }
        let slashed = Issuer::new("https://issuer.example/a/", false).unwrap();
        assert_eq!(
            slashed.discovery().as_str(),
            "https://issuer.example/a/.well-known/openid-configuration"
        );
        let cases = [
            ("issuer.example", IssuerError::Form),
            ("", IssuerError::Form),
            ("http://issuer.example", IssuerError::Scheme),
            ("http://127.0.0.1.example", IssuerError::Scheme),
            ("http://localhost.example", IssuerError::Scheme),
            ("file:///etc/passwd", IssuerError::Scheme),
            ("https://user@issuer.example", IssuerError::Parts),
            ("https://issuer.example?a=b", IssuerError::Parts),
            ("https://issuer.example#a", IssuerError::Parts),
        ];
        for (text, error) in cases {
            assert_eq!(Issuer::new(text, true).err(), Some(error), "{text}");
        }
    }
}
