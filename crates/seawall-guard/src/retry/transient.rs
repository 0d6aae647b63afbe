use http::{Response, StatusCode};

use super::retry_after::retry_after;
use super::{Classify, Verdict};
use crate::clock::{Clock, wall};

/// For HTTP: errors and the statuses 408, 425, 429, 500, 502, 503 and 504 may pass, and their `Retry-After` says when. Of this process's own
/// answers, `circuit-open` ends it.
#[derive(Clone, Copy, Debug)]
pub struct Transient {
    clock: Clock,
}

impl Default for Transient {
    fn default() -> Self {
        Self { clock: wall }
    }
}

impl<R, E> Classify<Response<R>, E> for Transient {
    fn classify(&self, result: Result<&Response<R>, &E>) -> Verdict {
        let Ok(response) = result else {
            return Verdict::Retry;
        };
        match response.status() {
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => {}
            _ => return Verdict::Accept,
        }
        if is_circuit_open(response) {
            return Verdict::BreakerOpen;
        }
        let asked = retry_after(response.headers(), self.clock);
        asked.map_or(Verdict::Retry, Verdict::RetryAfter)
    }
}

/// A breaker inside answers with a problem, which stands in the extensions: another server's cannot.
#[cfg(feature = "problem")]
fn is_circuit_open<R>(response: &Response<R>) -> bool {
    use crate::problem::{Problem, kinds};

    let problem = response.extensions().get::<Problem>();
    problem.is_some_and(|problem| problem.kind().code == kinds::CIRCUIT_OPEN.code)
}

#[cfg(not(feature = "problem"))]
const fn is_circuit_open<R>(_: &Response<R>) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http::header::RETRY_AFTER;

    use super::*;

    fn verdict(response: &Response<()>) -> Verdict {
        let transient = Transient {
            clock: || SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
        };
        transient.classify(Ok::<_, &()>(response))
    }

    #[test]
    fn what_may_pass_is_repeated() {
        let mut repeated = Vec::new();
        for status in 100..600 {
            let response = Response::builder().status(status).body(()).unwrap();
            match verdict(&response) {
                Verdict::Retry => repeated.push(status),
                other => assert_eq!(other, Verdict::Accept),
            }
        }
        assert_eq!(repeated, [408, 425, 429, 500, 502, 503, 504]);
        let error = Transient::default().classify(Err::<&Response<()>, _>(&"broken"));
        assert_eq!(error, Verdict::Retry);
    }

    #[test]
    fn the_other_side_says_when() {
        for (text, seconds) in [("7", 7), ("Sun, 06 Nov 1994 08:49:57 GMT", 20)] {
            let response = Response::builder().status(503).header(RETRY_AFTER, text);
            let asked = verdict(&response.body(()).unwrap());
            assert_eq!(asked, Verdict::RetryAfter(Duration::from_secs(seconds)));
        }
        let fine = Response::builder().header(RETRY_AFTER, "7").body(()).unwrap();
        assert_eq!(verdict(&fine), Verdict::Accept);
    }

    #[cfg(feature = "problem")]
    #[test]
    fn an_open_breaker_of_ours_is_the_end_and_one_elsewhere_is_not() {
        use crate::problem::{Problem, kinds};

        let own = Problem::new(&kinds::CIRCUIT_OPEN).into_http::<bytes::Bytes>().map(drop);
        assert_eq!(verdict(&own), Verdict::BreakerOpen);
        let (parts, ()) = own.into_parts();
        let elsewhere = Response::builder().status(parts.status).body(()).unwrap();
        assert_eq!(verdict(&elsewhere), Verdict::Retry);
    }
}
