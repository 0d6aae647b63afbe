use http::Request;
use tokio::time::Instant;

/// When the request on whose behalf a call is made has to be answered, where it says so.
#[cfg(feature = "deadline")]
pub(crate) fn deadline_of<B>(request: &Request<B>) -> Option<Instant> {
    let deadline = request.extensions().get::<crate::deadline::Deadline>();
    deadline.map(|deadline| deadline.at())
}

/// Without the guard `deadline` no request says so.
#[cfg(not(feature = "deadline"))]
pub(crate) const fn deadline_of<B>(_: &Request<B>) -> Option<Instant> {
    None
}
