//! What a command prints, up to a bound that both streams share.

use std::fmt;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout};

const CHUNK: usize = 16 * 1024;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        })
    }
}

/// The stream went over the limit.
pub(crate) struct Overflow(pub(crate) Stream);

#[derive(Default)]
pub(crate) struct Printed {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

pub(crate) struct Capture {
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    chunks: Box<[[u8; CHUNK]; 2]>,
    printed: Printed,
    limit: usize,
}

impl Capture {
    pub(crate) fn of(child: &mut Child, limit: usize) -> Self {
        Self {
            stdout: child.stdout.take(),
            stderr: child.stderr.take(),
            chunks: Box::new([[0; CHUNK]; 2]),
            printed: Printed::default(),
            limit,
        }
    }

    /// Reads until both streams end. It may be dropped and called again: nothing read is lost.
    pub(crate) async fn read(&mut self) -> Result<(), Overflow> {
        let [out, err] = &mut *self.chunks;
        while self.stdout.is_some() || self.stderr.is_some() {
            let (stream, len) = tokio::select! {
                len = read_some(&mut self.stdout, out), if self.stdout.is_some() => (Stream::Stdout, len),
                len = read_some(&mut self.stderr, err), if self.stderr.is_some() => (Stream::Stderr, len),
            };
            let room = self.limit - self.printed.stdout.len() - self.printed.stderr.len();
            if len > room {
                return Err(Overflow(stream));
            }
            match stream {
                Stream::Stdout => self.printed.stdout.extend_from_slice(&out[..len]),
                Stream::Stderr => self.printed.stderr.extend_from_slice(&err[..len]),
            }
        }
        Ok(())
    }

    /// Reads on and forgets, so that a process that cleans up is not stopped by a full pipe.
    pub(crate) async fn discard(&mut self) {
        let [out, err] = &mut *self.chunks;
        while self.stdout.is_some() || self.stderr.is_some() {
            tokio::select! {
                _ = read_some(&mut self.stdout, out), if self.stdout.is_some() => {}
                _ = read_some(&mut self.stderr, err), if self.stderr.is_some() => {}
            }
        }
    }

    pub(crate) fn into_printed(self) -> Printed {
        self.printed
    }
}

/// Closes the pipe at its end, and when it cannot be read any more.
async fn read_some<R: AsyncRead + Unpin>(pipe: &mut Option<R>, chunk: &mut [u8]) -> usize {
    let Some(open) = pipe else { return 0 };
    let read: io::Result<usize> = open.read(chunk).await;
    let len = read.unwrap_or(0);
    if len == 0 {
        *pipe = None;
    }
    len
}
