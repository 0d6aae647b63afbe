use axum::body::Bytes;
use axum::extract::{FromRequest, MatchedPath, Request};
use http::header;
use seawall_engine::{Format, IdempotentRequest, parse};
use seawall_guard::problem::{
    FieldError, Pointer, Problem, kinds, parse_json, read_body, require_json, require_uncoded,
};
use serde_json::Value;

use super::idempotency::idempotency;
use crate::error::ApiError;
use crate::identity::principal_of;

/// A definition as JSON or, with `application/yaml`, as YAML.
pub(crate) struct DefinitionBody(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for DefinitionBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let (format, body) = text(request).await?;
        if format == Format::Json {
            // What is no JSON at all is `malformed-json`; what only a definition must not be (a key twice, too deep) is told
            // as such.
            let _: Value = parse_json(&body)?;
        }
        let definition = definition(format, &body).map_err(|error| ApiError::definition(vec![error]))?;
        Ok(Self(definition))
    }
}

/// A definition to be checked: also one that cannot be read, as long as it is text.
pub(crate) struct CheckedDefinition(pub(crate) Result<Value, Vec<FieldError>>);

impl<S: Send + Sync> FromRequest<S> for CheckedDefinition {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let (format, body) = text(request).await?;
        if std::str::from_utf8(&body).is_err() {
            if format == Format::Json {
                let _: Value = parse_json(&body)?;
            }
            let error = definition(format, &body).err();
            return Err(ApiError::definition(error.into_iter().collect()));
        }
        Ok(Self(match definition(format, &body) {
            Ok(definition) if format == Format::Json => match parse_json::<Value>(&body) {
                Ok(_) => Ok(definition),
                Err(problem) => Err(problem.errors().to_vec()),
            },
            Ok(definition) => Ok(definition),
            Err(error) => Err(vec![error]),
        }))
    }
}

/// The text of a definition, and what it is announced as.
async fn text(request: Request) -> Result<(Format, Bytes), ApiError> {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    let format = match essence.to_ascii_lowercase().as_str() {
        "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => {
            require_uncoded(request.headers())?;
            Format::Yaml
        }
        "" | "application/json" => {
            require_json(request.headers())?;
            Format::Json
        }
        _ => {
            return Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE)
                .with_detail("A definition is sent as application/json or application/yaml.")
                .into());
        }
    };
    Ok((format, read_body(request.into_body()).await?))
}

/// A definition to be registered, with the `Idempotency-Key` it came under. The definition itself tells one request from
/// another, so the key's fingerprint is not over the body.
pub(crate) struct KeyedDefinition {
    pub(crate) definition: Value,
    pub(crate) key: Option<IdempotentRequest>,
}

impl<S: Send + Sync> FromRequest<S> for KeyedDefinition {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let route = request
            .extensions()
            .get::<MatchedPath>()
            .map_or("", MatchedPath::as_str);
        let by = principal_of(request.extensions())?;
        let key = idempotency(request.headers(), by, route, request.uri(), &[])?;
        let DefinitionBody(definition) = DefinitionBody::from_request(request, state).await?;
        Ok(Self { definition, key })
    }
}

fn definition(format: Format, body: &[u8]) -> Result<Value, FieldError> {
    let parsed = parse(format, body).map_err(|error| {
        let message = match error.position {
            Some(at) => format!("line {}, column {}: {}", at.line, at.column, error.message),
            None => error.message,
        };
        FieldError::new(&Pointer::from_text(error.pointer), error.code, message)
    })?;
    Ok(parsed.value)
}
