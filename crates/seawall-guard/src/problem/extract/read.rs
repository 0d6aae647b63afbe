use std::io;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError};

use crate::problem::{Problem, kinds};

/// The whole body. Its bound is set by [`crate::body_limit::BodyLimitLayer`].
///
/// # Errors
/// `payload-too-large` over the limit; `request-timeout` where the server has given up waiting for the rest (an
/// [`io::ErrorKind::TimedOut`] among the causes); `bad-request` where the body breaks off.
pub async fn read_body(body: Body) -> Result<Bytes, Problem> {
    match body.collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if caused_by(&error, is_over_limit) => Err(Problem::new(&kinds::PAYLOAD_TOO_LARGE)),
        Err(error) if caused_by(&error, is_timeout) => {
            Err(Problem::new(&kinds::REQUEST_TIMEOUT).with_detail("The body did not arrive in time."))
        }
        Err(_) => Err(Problem::new(&kinds::BAD_REQUEST).with_detail("The body broke off before its end.")),
    }
}

type Cause = dyn std::error::Error + 'static;

fn caused_by(error: &Cause, is_it: fn(&Cause) -> bool) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(is_it)
}

fn is_over_limit(error: &Cause) -> bool {
    error.is::<LengthLimitError>()
}

fn is_timeout(error: &Cause) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}
