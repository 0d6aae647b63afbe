use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::caught::{Caught, catch};
use crate::request_id::RequestId;

pin_project! {
    /// The body of an answer, whose panics are errors.
    #[derive(Debug)]
    pub struct CatchPanicBody<B> {
        #[pin]
        inner: B,
        id: Option<RequestId>,
        // What has panicked is not touched again.
        over: bool,
    }
}

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
pub enum BodyError<E> {
    #[error("the body panicked")]
    Panicked,
    /// The body's own error.
    #[error(transparent)]
    Inner(E),
}

impl<B> CatchPanicBody<B> {
    pub(super) const fn new(inner: B, id: Option<RequestId>) -> Self {
        Self { inner, id, over: false }
    }
}

/// So that layers outside can answer with bodies of their own.
impl<B: From<Bytes>> From<Bytes> for CatchPanicBody<B> {
    fn from(bytes: Bytes) -> Self {
        Self::new(bytes.into(), None)
    }
}

impl<B: Body> Body for CatchPanicBody<B> {
    type Data = B::Data;
    type Error = BodyError<B::Error>;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        if *this.over {
            return Poll::Ready(None);
        }
        match catch(this.id.as_ref(), || this.inner.poll_frame(cx)) {
            Ok(poll) => poll.map(|frame| frame.map(|result| result.map_err(BodyError::Inner))),
            Err(Caught) => {
                *this.over = true;
                Poll::Ready(Some(Err(BodyError::Panicked)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.over || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
