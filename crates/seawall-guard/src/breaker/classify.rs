use http::{Response, StatusCode};

use super::{Outcome, retry_after};

/// Says what the result of a call is to its breaker. A function is one too.
pub trait Classify<R> {
    fn classify(&self, result: &R) -> Outcome;
}

impl<R, F: Fn(&R) -> Outcome> Classify<R> for F {
    fn classify(&self, result: &R) -> Outcome {
        self(result)
    }
}

/// `Ok` is good, `Err` is a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByResult;

impl<T, E> Classify<Result<T, E>> for ByResult {
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        match result {
            Ok(_) => Outcome::Success,
            Err(_) => Outcome::FAILURE,
        }
    }
}

/// By the status of an answer: 5xx and errors are failures (503 with its Retry-After), 429 is [`Outcome::Throttled`] (with its
/// Retry-After), other 4xx are the caller's own mistakes and do not count, and all else is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByStatus;

impl<B> Classify<Response<B>> for ByStatus {
    fn classify(&self, response: &Response<B>) -> Outcome {
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS => Outcome::Throttled {
                retry_after: retry_after(response.headers()),
            },
            StatusCode::SERVICE_UNAVAILABLE => Outcome::Failure {
                retry_after: retry_after(response.headers()),
            },
            status if status.is_server_error() => Outcome::FAILURE,
            status if status.is_client_error() => Outcome::Ignored,
            _ => Outcome::Success,
        }
    }
}

impl<B, E> Classify<Result<Response<B>, E>> for ByStatus {
    fn classify(&self, result: &Result<Response<B>, E>) -> Outcome {
        match result {
            Ok(response) => self.classify(response),
            Err(_) => Outcome::FAILURE,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_status_is_what_it_says_of_who_was_called() {
        let retry_after = Some(Duration::from_secs(7));
        let expected = [
            (200, Outcome::Success),
            (304, Outcome::Success),
            (400, Outcome::Ignored),
            (404, Outcome::Ignored),
            (429, Outcome::Throttled { retry_after }),
            (500, Outcome::FAILURE),
            (503, Outcome::Failure { retry_after }),
            (504, Outcome::FAILURE),
        ];
        for (status, outcome) in expected {
            let response = Response::builder().status(status).header("retry-after", "7");
            let result = Ok::<_, ()>(response.body(()).unwrap());
            assert_eq!(ByStatus.classify(&result), outcome, "{status}");
        }
        assert_eq!(ByStatus.classify(&Err::<Response<()>, _>("gone")), Outcome::FAILURE);
    }
}
