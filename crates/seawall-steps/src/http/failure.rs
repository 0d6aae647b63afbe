//! What a failed exchange lets us know. The whole table:
//!
//! | what happened | outcome | code |
//! |---|---|---|
//! | unreadable request, missing secret, refused address | not begun, permanent | `invalid-request`, `secret-missing`, `address-not-allowed` |
//! | DNS, connect or TLS failure | not begun | `dns-failed`, `connect-failed`, `connect-timeout` |
//! | the lease is too short | not begun | `fence-refused` |
//! | a complete response with a status that is not accepted | failed; 4xx except 408, 425, 429: permanent | `http-status-503` |
//! | the same with 502 or 504: a middleman speaks, the server may have acted | unknown | `http-status-502` |
//! | reset, closed, garbled or cut response | unknown | `connection-lost`, `response-truncated` |
//! | a body over the limit | failed, permanent; `once`: unknown | `output-too-large` |
//! | cancelled or timed out | not begun before the first byte, else unknown | `cancelled` |
//!
//! After a redirect was followed nothing is "not begun" any more: the first request was sent.

use std::error::Error;
use std::time::Duration;

use http::StatusCode;
use seawall_engine::{BeginRefused, Outcome, StepError};

use crate::http::address::AddressRefused;
use crate::mask::Mask;
use crate::output::fence_refused;

/// The longest part of an error answer's body that is quoted, in characters.
const MAX_QUOTE: usize = 500;

/// An exchange that gave no response. `begun`: an earlier hop, or this one, may have reached the other side.
pub(crate) fn of_exchange(error: &reqwest::Error, begun: bool, what: &str, mask: &Mask) -> Outcome {
    if let Some(refused) = find(error) {
        return of_address(refused, begun, what, mask);
    }
    let error = match find::<BeginRefused>(error) {
        Some(_) => fence_refused(),
        None => StepError::new(code(error), mask.text(format!("{what}: {}", root_cause(error)))),
    };
    if begun {
        Outcome::Unknown(error)
    } else {
        Outcome::NotBegun(error)
    }
}

/// An address that must not be reached. The answer that redirected there was complete: the attempt is over, and known.
pub(crate) fn of_address(refused: &AddressRefused, redirected: bool, what: &str, mask: &Mask) -> Outcome {
    let error = StepError::permanent("address-not-allowed", mask.text(format!("{what}: {refused}")));
    if redirected {
        Outcome::Failed(error)
    } else {
        Outcome::NotBegun(error)
    }
}

fn code(error: &reqwest::Error) -> &'static str {
    if !error.is_connect() {
        "connection-lost"
    } else if error.is_dns() {
        "dns-failed"
    } else if error.is_timeout() {
        "connect-timeout"
    } else {
        "connect-failed"
    }
}

fn find<E: Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        source = error.source();
    }
    None
}

/// The innermost cause: the outer ones only repeat "error sending request", and the URL with its query.
pub(crate) fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// A complete response whose status is not accepted. The caller's own mistakes (4xx) are not worth another attempt, unless
/// the step's `retry.on` names the status; 408, 425 and 429 ask for one.
pub(crate) fn of_status(status: StatusCode, after: Option<Duration>, what: &str, body: &[u8], mask: &Mask) -> Outcome {
    let quoted = mask.text(String::from_utf8_lossy(body).into_owned());
    let quoted: String = quoted.trim().chars().take(MAX_QUOTE).collect();
    let colon = if quoted.is_empty() { "" } else { ": " };
    let message = format!("{} answered {status}{colon}{quoted}", mask.text(what.to_owned()));
    let asks_again = matches!(status.as_u16(), 408 | 425 | 429);
    let error = StepError {
        retry_after: after,
        retryable: asks_again || !status.is_client_error(),
        ..StepError::new(format!("http-status-{}", status.as_u16()), message)
    };
    match status {
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => Outcome::Unknown(error),
        _ => Outcome::Failed(error),
    }
}
