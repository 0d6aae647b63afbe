use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::mask::Kind;
use crate::request_id::RequestId;

pin_project! {
    /// A body that is kept as it passes by, if it is small enough.
    #[derive(Debug)]
    pub struct LoggedBody<B> {
        #[pin]
        inner: B,
        // None: it is not logged.
        kept: Option<Kept>,
    }
}

/// What has passed by. Dropped, it is written.
#[derive(Debug)]
struct Kept {
    id: Option<RequestId>,
    direction: &'static str,
    kind: Kind,
    limit: usize,
    bytes: Vec<u8>,
    size: u64,
    ended: bool,
}

impl<B: Body> LoggedBody<B> {
    /// `limit`: how much may be kept; 0 for nothing at all.
    pub(super) fn new(
        inner: B,
        headers: &HeaderMap,
        limit: usize,
        direction: &'static str,
        id: Option<&RequestId>,
    ) -> Self {
        let wanted = limit > 0 && !inner.is_end_stream();
        let kind = wanted.then(|| Kind::of(headers)).flatten();
        let kept = kind.map(|kind| Kept {
            id: id.cloned(),
            direction,
            kind,
            limit,
            bytes: Vec::new(),
            size: 0,
            ended: false,
        });
        Self { inner, kept }
    }
}

/// So that layers outside can answer with bodies of their own, which are not logged.
impl<B: From<Bytes>> From<Bytes> for LoggedBody<B> {
    fn from(bytes: Bytes) -> Self {
        Self {
            inner: bytes.into(),
            kept: None,
        }
    }
}

impl<B: Body<Data = Bytes>> Body for LoggedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(cx));
        if let Some(kept) = this.kept {
            match &frame {
                Some(Ok(frame)) => kept.keep(frame.data_ref()),
                Some(Err(_)) => {}
                None => kept.ended = true,
            }
            // Who knows that this was all does not ask again.
            kept.ended |= this.inner.is_end_stream();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Kept {
    fn keep(&mut self, data: Option<&Bytes>) {
        let Some(data) = data else {
            return;
        };
        self.size = self.size.saturating_add(data.len() as u64);
        if self.size <= self.limit as u64 {
            self.bytes.extend_from_slice(data);
        } else {
            self.bytes = Vec::new();
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.size == 0 && !self.ended {
            // Nobody has read it: a request that was refused before, an answer in whose place another one was given.
            return;
        }
        let whole = self.ended && self.size <= self.limit as u64;
        let masked = whole.then(|| self.kind.mask(&self.bytes)).flatten();
        tracing::event!(
            target: "body",
            tracing::Level::INFO,
            request.id = self.id.as_ref().map_or("", RequestId::as_str),
            direction = self.direction,
            bytes = self.size,
            body = masked,
            "a body"
        );
    }
}
