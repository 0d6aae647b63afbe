use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::BoxError;
use axum::body::Body as AxumBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::activity::UnderWay;
use super::limits;

/// A request body that fails when the client pauses for too long, and that tells its connection when it is dropped before its
/// end.
pub(super) struct ObservedBody {
    inner: Incoming,
    ended: bool,
    under_way: UnderWay,
    /// Runs while the client is waited for.
    pause: Option<Pin<Box<Sleep>>>,
}

impl ObservedBody {
    pub(super) const fn new(inner: Incoming, under_way: UnderWay) -> Self {
        Self {
            inner,
            ended: false,
            under_way,
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
        if self.inner.is_end_stream() {
            // Hyper does not tell of the end of a body whose answer was given before, until the next request comes.
            return Poll::Ready(None);
        }
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
            self.under_way.of().linger();
        }
    }
}

/// The body of an answer, which is under way until hyper has all of it.
pub(super) struct AnswerBody {
    inner: AxumBody,
    under_way: UnderWay,
    /// Hyper does not ask for more before the client has taken what there is. Over HTTP/1 it asks until its buffer is full.
    unread: bool,
}

impl AnswerBody {
    pub(super) fn new(inner: AxumBody, under_way: UnderWay) -> Self {
        under_way.of().unread(true);
        Self {
            inner,
            under_way,
            unread: true,
        }
    }

    fn set_unread(&mut self, unread: bool) {
        if std::mem::replace(&mut self.unread, unread) != unread {
            self.under_way.of().unread(unread);
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        self.set_unread(frame.is_ready());
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.set_unread(false);
    }
}
