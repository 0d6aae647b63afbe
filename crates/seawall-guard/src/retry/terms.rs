use http::{Method, Request};
use tokio::time::Instant;

use crate::deadline_of::deadline_of;

/// Proof that a call may be made more than once: twice does what once does. Whoever makes the call knows it: as an argument, or in the
/// extensions of a request whose method does not say so.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Idempotent;

/// Whether a call may be repeated, and until when it is of use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    repeatable: bool,
    until: Option<Instant>,
}

impl Terms {
    /// A call that is made once.
    #[must_use]
    pub const fn once() -> Self {
        Self {
            repeatable: false,
            until: None,
        }
    }

    /// Nothing is done for the call after that: the deadline of the request on whose behalf it is made.
    #[must_use]
    pub fn until(mut self, until: Instant) -> Self {
        self.until = Some(self.until.map_or(until, |sooner| sooner.min(until)));
        self
    }

    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        self.repeatable
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.until
    }
}

impl From<Idempotent> for Terms {
    fn from(_: Idempotent) -> Self {
        Self {
            repeatable: true,
            until: None,
        }
    }
}

/// By RFC 9110: GET, HEAD, OPTIONS, TRACE, PUT and DELETE may be repeated.
impl From<&Method> for Terms {
    fn from(method: &Method) -> Self {
        Self {
            repeatable: method.is_idempotent(),
            until: None,
        }
    }
}

/// By the method or the marker [`Idempotent`] in the extensions, until the request's deadline.
impl<B> From<&Request<B>> for Terms {
    fn from(request: &Request<B>) -> Self {
        let marked = || request.extensions().get::<Idempotent>().is_some();
        Self {
            repeatable: request.method().is_idempotent() || marked(),
            until: deadline_of(request),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_method_or_a_marker_is_proof() {
        for (method, repeatable) in [
            (Method::GET, true),
            (Method::HEAD, true),
            (Method::OPTIONS, true),
            (Method::TRACE, true),
            (Method::PUT, true),
            (Method::DELETE, true),
            (Method::POST, false),
            (Method::PATCH, false),
            (Method::CONNECT, false),
            (Method::from_bytes(b"BREW").unwrap(), false),
        ] {
            assert_eq!(Terms::from(&method).is_repeatable(), repeatable, "{method}");
            let request = Request::builder().method(&method).header("idempotency-key", "7");
            let mut request = request.body(()).unwrap();
            assert_eq!(Terms::from(&request).is_repeatable(), repeatable, "{method}");
            request.extensions_mut().insert(Idempotent);
            assert!(Terms::from(&request).is_repeatable());
        }
        assert!(Terms::from(Idempotent).is_repeatable() && !Terms::once().is_repeatable());
    }

    #[tokio::test(start_paused = true)]
    async fn the_sooner_of_two_deadlines_counts() {
        let after = |seconds| Instant::now() + Duration::from_secs(seconds);
        let terms = Terms::once().until(after(5)).until(after(7));
        assert_eq!(terms.deadline(), Some(after(5)));
        assert_eq!(terms.until(after(3)).deadline(), Some(after(3)));
    }
}
