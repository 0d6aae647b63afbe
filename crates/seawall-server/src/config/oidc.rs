use super::reader::Reader;
use crate::identity::oidc::{ClaimPath, Issuer, OidcConfig};

/// `OIDC_ISSUER`, `OIDC_AUDIENCE`, `TENANT_CLAIM`, `ROLE_CLAIM`. None: no issuer's tokens are taken.
pub(super) fn read(reader: &mut Reader<'_>, dev: bool) -> Option<OidcConfig> {
    let is_set = reader.text("OIDC_ISSUER").is_some();
    let issuer = reader.value("OIDC_ISSUER", None, |text| {
        Issuer::new(text, dev).map(Some).map_err(|error| error.to_string())
    });
    let audience = reader.text("OIDC_AUDIENCE");
    let claim = |name: &str| reader.text(name).map(ClaimPath::new);
    let (tenant_claim, role_claim) = (claim("TENANT_CLAIM"), claim("ROLE_CLAIM"));
    match audience {
        None if is_set => reader.refuse(
            "OIDC_AUDIENCE",
            "not set, while OIDC_ISSUER is: without it, tokens that were made for others would be taken",
        ),
        Some(_) if !is_set => reader.refuse("OIDC_ISSUER", "not set, while OIDC_AUDIENCE is"),
        _ => {}
    }
    Some(OidcConfig {
        tenant_claim,
        role_claim,
        ..OidcConfig::new(issuer?, audience?)
    })
}
