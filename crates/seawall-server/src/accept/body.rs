use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::BoxError;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::limits;
use super::stream::Linger;

/// A request body that fails when the client pauses for too long, and that tells its connection when it is dropped before its
/// end.
pub(super) struct ObservedBody {
    inner: Incoming,
    ended: bool,
    linger: Linger,
    /// Runs while the client is waited for.
    pause: Option<Pin<Box<Sleep>>>,
}

impl ObservedBody {
    pub(super) const fn new(inner: Incoming, linger: Linger) -> Self {
        Self {
            inner,
            ended: false,
            linger,
            pause: None,
        }
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let sleep = || Box::pin(tokio::time::sleep(limits::BODY_TIMEOUT));
        self.pause.get_or_insert_with(sleep).as_mut().poll(cx)
    }
}

impl Body for ObservedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
            return self.poll_pause(cx).map(|()| {
                let error = io::Error::new(io::ErrorKind::TimedOut, "the client stopped sending");
                Some(Err(error.into()))
            });
        };
        self.pause = None;
        self.ended = frame.is_none();
        Poll::Ready(frame.map(|result| result.map_err(BoxError::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for ObservedBody {
    fn drop(&mut self) {
        if !self.ended && !self.inner.is_end_stream() {
            self.linger.set();
        }
    }
}
