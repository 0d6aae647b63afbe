use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError};

use crate::problem::{Problem, kinds};

/// The whole body. Its bound is set by [`crate::body_limit::BodyLimitLayer`].
///
/// # Errors
/// `payload-too-large` over the limit; `bad-request` where the body breaks off.
pub async fn read_body(body: Body) -> Result<Bytes, Problem> {
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if is_over_limit(&error) => Err(Problem::new(&kinds::PAYLOAD_TOO_LARGE)),
        Err(_) => Err(Problem::new(&kinds::BAD_REQUEST).with_detail("The body broke off before its end.")),
    }
}

fn is_over_limit(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}
