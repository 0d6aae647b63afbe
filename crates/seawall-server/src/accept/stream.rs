use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::activity::Activity;
use super::limits;

/// `Open => (Draining | Closed)`, `Draining => Closed`.
enum Phase {
    Open,
    /// Our side is closed; what the client still sends is thrown away.
    Draining {
        until: Pin<Box<Sleep>>,
        bytes_left: usize,
    },
    Closed,
}

/// A socket that waits a bounded time for a client that does not read, and whose closing does not destroy the answer. Closing a
/// socket with unread bytes sends a reset, on which clients drop an answer they have not read yet: a refused upload would look
/// like a broken connection. So after a refusal our side closes first, and the rest is read for a while.
pub(super) struct BoundedStream {
    inner: TcpStream,
    /// What was read before it was known what the bytes are.
    begun: Bytes,
    activity: Activity,
    phase: Phase,
    /// Runs while the client is waited for.
    unread: Option<Pin<Box<Sleep>>>,
}

impl BoundedStream {
    pub(super) const fn new(inner: TcpStream, begun: Bytes, activity: Activity) -> Self {
        Self {
            inner,
            begun,
            activity,
            phase: Phase::Open,
            unread: None,
        }
    }

    /// What comes before the bytes that are still to be read.
    pub(super) fn put_back(&mut self, begun: Bytes) {
        self.begun = begun;
    }

    /// Waits for something to read, or for the end.
    pub(super) async fn readable(&self) -> io::Result<()> {
        self.inner.readable().await
    }

    /// What a write came to, or that the client has not read for too long.
    fn bounded(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = written {
            self.unread = None;
            if let Ok(bytes) = &result {
                self.activity.written(*bytes);
            }
            return Poll::Ready(result);
        }
        let sleep = || Box::pin(tokio::time::sleep(limits::WRITE_TIMEOUT));
        ready!(self.unread.get_or_insert_with(sleep).as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the client does not read its answer",
        )))
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Phase::Draining { until, bytes_left } = &mut self.phase else {
            return Poll::Ready(());
        };
        let mut space = [MaybeUninit::uninit(); 8 * 1024];
        loop {
            if until.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::uninit(&mut space);
            if ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buffer)).is_err() {
                return Poll::Ready(());
            }
            let read = buffer.filled().len();
            if read == 0 || read >= *bytes_left {
                return Poll::Ready(());
            }
            *bytes_left -= read;
        }
    }
}

impl AsyncRead for BoundedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.begun.is_empty() {
            let fits = self.begun.len().min(buf.remaining());
            buf.put_slice(&self.begun[..fits]);
            self.begun.advance(fits);
            self.activity.read(true);
            return Poll::Ready(Ok(()));
        }
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        self.activity.read(read.is_ready());
        read
    }
}

impl AsyncWrite for BoundedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.activity.writes();
        let written = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.bounded(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.activity.writes();
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.bounded(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.activity.sent();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(self.phase, Phase::Open) {
            ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
            self.phase = if self.activity.lingers() {
                let until = Box::pin(tokio::time::sleep_until(Instant::now() + limits::LINGER));
                Phase::Draining {
                    until,
                    bytes_left: limits::LINGER_BYTES,
                }
            } else {
                Phase::Closed
            };
        }
        ready!(self.poll_drain(cx));
        self.phase = Phase::Closed;
        Poll::Ready(Ok(()))
    }
}
