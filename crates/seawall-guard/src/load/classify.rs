use http::{Response, StatusCode};

/// What the result of a call says of the load.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The work was done: how long it took is how long it takes.
    Success,
    /// It could not be done for lack of room or time.
    Overload,
    /// It says nothing: it was the caller's mistake, or broken, and over before there was work.
    Ignored,
}

/// Says what the result of a call is to its limiter. A function is one too.
pub trait Classify<R> {
    fn classify(&self, result: &R) -> Outcome;
}

impl<R, F: Fn(&R) -> Outcome> Classify<R> for F {
    fn classify(&self, result: &R) -> Outcome {
        self(result)
    }
}

/// By the status of an answer: 408, 503 and 504 are overload, other 4xx and 5xx say nothing, and all else is a success. An error
/// instead of an answer is overload: most of them are time-outs and refused connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ByStatus;

impl<B, E> Classify<Result<Response<B>, E>> for ByStatus {
    fn classify(&self, result: &Result<Response<B>, E>) -> Outcome {
        let Ok(response) = result else {
            return Outcome::Overload;
        };
        match response.status() {
            StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                Outcome::Overload
            }
            status if status.is_client_error() || status.is_server_error() => Outcome::Ignored,
            _ => Outcome::Success,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_what_it_says_of_the_load() {
        let expected = [
            (200, Outcome::Success),
            (304, Outcome::Success),
            (404, Outcome::Ignored),
            (408, Outcome::Overload),
            (429, Outcome::Ignored),
            (500, Outcome::Ignored),
            (503, Outcome::Overload),
            (504, Outcome::Overload),
        ];
        for (status, outcome) in expected {
            let response = Response::builder().status(status).body(()).unwrap();
            assert_eq!(ByStatus.classify(&Ok::<_, ()>(response)), outcome, "{status}");
        }
        assert_eq!(ByStatus.classify(&Err::<Response<()>, _>("gone")), Outcome::Overload);
    }
}
