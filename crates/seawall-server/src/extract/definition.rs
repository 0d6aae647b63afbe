use axum::extract::{FromRequest, Request};
use http::header;
use seawall_engine::Engine;
use seawall_guard::problem::{FieldError, Json, Pointer, Problem, kinds, read_body};
use serde_json::Value;

use crate::error::ApiError;

/// A definition as JSON or, with `application/yaml`, as YAML.
pub(crate) struct DefinitionBody(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for DefinitionBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let content_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = content_type
            .and_then(|value| value.split(';').next())
            .unwrap_or_default()
            .trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/yaml" | "application/x-yaml" | "text/yaml" | "text/x-yaml" => {
                let body = read_body(request.into_body()).await?;
                yaml(&body).map(Self)
            }
            "" | "application/json" => Ok(Self(Json::from_request(request, state).await?.0)),
            _ => Err(Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE)
                .with_detail("A definition is sent as application/json or application/yaml.")
                .into()),
        }
    }
}

fn yaml(body: &[u8]) -> Result<Value, ApiError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let message = format!("not UTF-8 at byte {}", error.valid_up_to());
        ApiError::definition(vec![FieldError::new(&Pointer::root(), "not-utf8", message)])
    })?;
    Engine::parse_yaml(text).map_err(|errors| {
        let field =
            |e: seawall_engine::DefinitionError| FieldError::new(&Pointer::from_text(e.pointer), e.code, e.message);
        ApiError::definition(errors.into_iter().map(field).collect())
    })
}
