use seawall_store::TenantId;
use serde_json::{Map, Value};

use super::OidcConfig;
use crate::identity::jws::{Times, TokenError};
use crate::identity::{Principal, Role, Scopes};

/// The longest subject, in bytes (OpenID Connect Core 1.0, section 2: 255 ASCII characters).
const MAX_SUBJECT_BYTES: usize = 255;

/// Where in a token's claims a value stands: a claim's name, whatever is in it, or a JSON Pointer that begins with `/`
/// (`/realm_access/roles`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClaimPath(String);

impl ClaimPath {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    fn find<'a>(&self, claims: &'a Value) -> Option<&'a Value> {
        if self.0.starts_with('/') {
            claims.pointer(&self.0)
        } else {
            claims.get(&self.0)
        }
    }
}

/// From when to when the claims hold. Fractions of seconds are allowed (RFC 7519, section 2).
pub(super) fn times(claims: &Map<String, Value>) -> Result<Times, TokenError> {
    let time = |name: &'static str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or(TokenError::Claim(name)),
    };
    Ok(Times {
        exp: time("exp")?.ok_or(TokenError::Claim("exp"))?,
        nbf: time("nbf")?.ok_or(TokenError::Claim("nbf"))?,
        iat: time("iat")?,
    })
}

/// Whether issuer and audience are those that are configured.
pub(super) fn check_parties(claims: &Map<String, Value>, config: &OidcConfig) -> Result<(), TokenError> {
    let issuer = claims.get("iss").ok_or(TokenError::Claim("iss"))?;
    if issuer.as_str() != Some(config.issuer.as_str()) {
        return Err(TokenError::Issuer);
    }
    let ours = |value: &Value| value.as_str() == Some(&*config.audience);
    let is_for_us = match claims.get("aud") {
        None => return Err(TokenError::Claim("aud")),
        Some(Value::Array(audiences)) => audiences.iter().any(ours),
        Some(audience) => ours(audience),
    };
    if is_for_us { Ok(()) } else { Err(TokenError::Audience) }
}

/// Whom the claims speak of.
pub(super) fn principal(claims: Map<String, Value>, config: &OidcConfig) -> Result<Principal, TokenError> {
    let claims = Value::Object(claims);
    let subject = claims
        .get("sub")
        .and_then(Value::as_str)
        .ok_or(TokenError::Claim("sub"))?;
    let is_short = (1..=MAX_SUBJECT_BYTES).contains(&subject.len());
    // It is written into logs and records.
    if !is_short || subject.chars().any(char::is_control) {
        return Err(TokenError::Claim("sub"));
    }
    let tenant = match &config.tenant_claim {
        None => TenantId::default(),
        Some(path) => tenant(path.find(&claims)).ok_or(TokenError::Claim("tenant"))?,
    };
    let scopes = match &config.role_claim {
        None => config.role.scopes(),
        Some(path) => path.find(&claims).and_then(highest).map_or(Scopes::NONE, Role::scopes),
    };
    Ok(Principal::oidc(tenant, subject, scopes))
}

fn tenant(value: Option<&Value>) -> Option<TenantId> {
    TenantId::new(value?.as_str()?).ok()
}

/// The highest of the roles that a claim names: one name, names with blanks between them, or a list of names.
fn highest(value: &Value) -> Option<Role> {
    match value {
        Value::String(text) => text.split(' ').filter_map(|name| name.parse().ok()).max(),
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .filter_map(|name| name.parse().ok())
            .max(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Issuer;
    use super::*;

    fn config() -> OidcConfig {
        let issuer = Issuer::new("https://issuer.example", false).unwrap();
        let mut config = OidcConfig::new(issuer, "seawall");
        config.tenant_claim = Some(ClaimPath::new("https://example.com/tenant"));
        config.role_claim = Some(ClaimPath::new("/realm_access/roles"));
        config
    }

    fn claims(extra: &Value) -> Map<String, Value> {
        let mut claims = json!({
            "iss": "https://issuer.example", "aud": "seawall", "sub": "ada", "exp": 2, "nbf": 1,
            "https://example.com/tenant": "acme", "realm_access": {"roles": ["offline", "viewer", "operator"]},
        });
        for (name, value) in extra.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object().unwrap().clone()
    }

    #[test]
    fn tenant_and_role_come_from_the_claims_that_are_named() {
        let principal = |extra: Value| principal(claims(&extra), &config());
        let ada = principal(json!({})).unwrap();
        assert_eq!((ada.tenant.as_str(), &*ada.subject), ("acme", "oidc:ada"));
        assert_eq!(ada.scopes, Role::Operator.scopes());
        let roles = [
            (json!(["admin"]), Role::Admin.scopes()),
            (json!("viewer"), Role::Viewer.scopes()),
            (json!("openid admin"), Role::Admin.scopes()),
            (json!(["Admin", "root", 7]), Scopes::NONE),
            (json!({"admin": true}), Scopes::NONE),
            (json!(null), Scopes::NONE),
        ];
        for (roles, scopes) in roles {
            let ada = principal(json!({"realm_access": {"roles": roles}})).unwrap();
            assert_eq!(ada.scopes, scopes, "{roles}");
        }
        for tenant in [json!(null), json!(""), json!("../x"), json!(["acme"]), json!("ACME")] {
            let refused = principal(json!({"https://example.com/tenant": tenant}));
            assert_eq!(refused.err(), Some(TokenError::Claim("tenant")));
        }
        for subject in [json!(null), json!(""), json!(7), json!("a\nb"), json!("x".repeat(256))] {
            assert_eq!(principal(json!({"sub": subject})).err(), Some(TokenError::Claim("sub")));
        }
    }

    #[test]
    fn without_named_claims_everybody_reads_in_the_default_tenant() {
        let plain = OidcConfig::new(config().issuer, "seawall");
        let ada = principal(claims(&json!({"role": "admin"})), &plain).unwrap();
        assert_eq!((ada.tenant.as_str(), ada.scopes), ("default", Role::Viewer.scopes()));
    }

    #[test]
    fn issuer_and_audience_are_compared_exactly() {
        let cases = [
            (json!({}), None),
            (json!({"aud": ["other", "seawall"]}), None),
            (json!({"aud": ["other"]}), Some(TokenError::Audience)),
            (json!({"aud": []}), Some(TokenError::Audience)),
            (json!({"aud": "seawall-2"}), Some(TokenError::Audience)),
            (json!({"aud": {"seawall": 1}}), Some(TokenError::Audience)),
            (json!({"iss": "https://issuer.example/"}), Some(TokenError::Issuer)),
            (json!({"iss": "https://ISSUER.example"}), Some(TokenError::Issuer)),
            (json!({"iss": ["https://issuer.example"]}), Some(TokenError::Issuer)),
        ];
        for (extra, error) in cases {
            assert_eq!(check_parties(&claims(&extra), &config()).err(), error, "{extra}");
        }
        for name in ["iss", "aud", "exp", "nbf"] {
            let mut without = claims(&json!({}));
            without.remove(name);
            let refused = check_parties(&without, &config()).and_then(|()| times(&without).map(|_| ()));
            assert_eq!(refused.err(), Some(TokenError::Claim(name)));
        }
        assert_eq!(
            times(&claims(&json!({"exp": "2"}))).err(),
            Some(TokenError::Claim("exp"))
        );
        assert_eq!(
            times(&claims(&json!({"iat": "2"}))).err(),
            Some(TokenError::Claim("iat"))
        );
        assert_eq!(times(&claims(&json!({"exp": 2.5}))).map(|times| times.exp), Ok(2.5));
    }
}
