//! Response bodies: read up to a bound, and given the form that templates can use.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header;
use reqwest::Response;
use serde_json::{Map, Value, json};

use crate::mask::Mask;

#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the response ended before it was complete")]
    Truncated(#[source] reqwest::Error),
    #[error("the response body is larger than {limit} bytes")]
    TooLarge { limit: usize },
}

pub(crate) async fn read(response: &mut Response, limit: usize) -> Result<Vec<u8>, BodyError> {
    let announced = response.content_length().and_then(|len| usize::try_from(len).ok());
    let mut body = Vec::with_capacity(announced.unwrap_or(0).min(limit));
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Truncated)? {
        if chunk.len() > limit - body.len() {
            return Err(BodyError::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The parsed value when the type is JSON and the body is; else text when it is UTF-8; else `{"base64": …}`.
pub(crate) fn decode(bytes: Vec<u8>, headers: &HeaderMap, mask: &Mask) -> Value {
    if is_json(headers)
        && let Ok(value) = serde_json::from_slice(&bytes)
    {
        return mask.value(value);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Value::String(mask.text(text)),
        Err(error) => json!({ "base64": STANDARD.encode(mask.bytes(error.into_bytes())) }),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

/// Names in lower case; values of a repeated header joined by `, `.
pub(crate) fn headers(headers: &HeaderMap, mask: &Mask) -> Map<String, Value> {
    headers
        .keys()
        .map(|name| {
            let values: Vec<_> = headers
                .get_all(name)
                .iter()
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
                .collect();
            (name.as_str().to_owned(), Value::String(mask.text(values.join(", "))))
        })
        .collect()
}
