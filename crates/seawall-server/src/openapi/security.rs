//! Who may call an operation. In the code it names its scope (`security(("scope" = ["runs:read"]))`); in the description it
//! stands under each of the ways in which credentials are presented.

use utoipa::openapi::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

/// Where an operation names its scope.
const MARKER: &str = "scope";

const BEARER: &str = "bearer";
const API_KEY: &str = "api_key";

/// Puts the ways of presenting credentials in the place of the scope. Whether the operation needs any.
pub(super) fn secure(operation: &mut Operation) -> bool {
    let requirements = operation.security.as_deref().unwrap_or_default();
    let named = requirements.iter().find_map(scopes);
    let Some(scopes) = named else {
        return false;
    };
    let either = [BEARER, API_KEY].map(|scheme| SecurityRequirement::new(scheme, scopes.clone()));
    operation.security = Some(either.into());
    true
}

fn scopes(requirement: &SecurityRequirement) -> Option<Vec<String>> {
    // Its fields are only to be had this way.
    let value = serde_json::to_value(requirement).ok()?;
    let scopes = value.get(MARKER)?.as_array()?;
    Some(
        scopes
            .iter()
            .filter_map(|scope| scope.as_str().map(str::to_owned))
            .collect(),
    )
}

/// The ways themselves.
pub(super) fn describe_schemes(description: &mut OpenApi) {
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API key (`sw_…`) or an access token."))
        .build();
    let key = ApiKeyValue::with_description(
        "X-API-Key",
        "An API key (`sw_…`), where `Authorization` is not to be had.",
    );
    let components = description.components.get_or_insert_default();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    components.add_security_scheme(API_KEY, SecurityScheme::ApiKey(ApiKey::Header(key)));
}
