use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::stream::Linger;

/// A request body that tells its connection when it is dropped before its end.
pub(super) struct ObservedBody {
    inner: Incoming,
    ended: bool,
    linger: Linger,
}

impl ObservedBody {
    pub(super) const fn new(inner: Incoming, linger: Linger) -> Self {
        Self {
            inner,
            ended: false,
            linger,
        }
    }
}

impl Body for ObservedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) {
            self.ended = true;
        }
        frame
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
