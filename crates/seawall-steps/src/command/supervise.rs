//! From the spawned process to the end of its group. However the process behaves, this ends: every wait has a bound.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::command::capture::{Capture, Overflow, Printed, Stream};
use crate::command::group::Group;

/// How long the pipes are read on after the group was killed. Only a process that left the group can keep them open.
const DRAIN: Duration = Duration::from_millis(500);

/// How long a killed process is waited for. Only one that hangs in the kernel takes longer.
const REAP: Duration = Duration::from_secs(5);

pub(crate) enum End {
    Exited(i32),
    /// By a signal from outside.
    Signalled(i32),
    /// It was killed for what it printed on this stream.
    TooMuch(Stream),
    /// It had exited, but what it printed on this stream is over the limit.
    ExitedWithTooMuch(i32, Stream),
    Cancelled,
    /// The operating system does not say what became of it.
    Lost(io::Error),
}

impl End {
    fn of(waited: io::Result<ExitStatus>) -> Self {
        match waited {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => Self::Exited(code),
                (None, signal) => Self::Signalled(signal.unwrap_or(0)),
            },
            Err(error) => Self::Lost(error),
        }
    }
}

/// A process and its group. The group comes first: dropped, it is killed before the leader is left to be reaped.
pub(crate) struct Running {
    group: Group,
    child: Child,
    capture: Capture,
}

impl Running {
    pub(crate) fn new(mut child: Child, limit: usize) -> Self {
        Self {
            group: Group::of(&child),
            capture: Capture::of(&mut child, limit),
            child,
        }
    }

    /// Until the group is gone.
    pub(crate) async fn supervise(
        mut self,
        stdin: Option<String>,
        grace: Duration,
        cancel: &CancellationToken,
    ) -> (End, Printed) {
        let end = self.run(stdin, cancel).await;
        match end {
            End::Exited(code) => self.drain(code).await,
            End::Signalled(_) | End::Lost(_) => {
                self.group.kill_remains();
                (end, self.capture.into_printed())
            }
            End::Cancelled => {
                self.stop(grace).await;
                (end, Printed::default())
            }
            End::TooMuch(_) | End::ExitedWithTooMuch(..) => {
                self.kill().await;
                (end, Printed::default())
            }
        }
    }

    async fn run(&mut self, stdin: Option<String>, cancel: &CancellationToken) -> End {
        let Self { child, capture, .. } = self;
        let feed = feed(child.stdin.take(), stdin);
        tokio::pin!(feed);
        let (mut feeding, mut reading) = (true, true);
        loop {
            tokio::select! {
                // A process that has ended counts more than a cancellation at the same moment.
                biased;
                waited = child.wait() => return End::of(waited),
                () = cancel.cancelled() => return End::Cancelled,
                () = &mut feed, if feeding => feeding = false,
                read = capture.read(), if reading => match read {
                    Ok(()) => reading = false,
                    Err(Overflow(stream)) => return End::TooMuch(stream),
                },
            }
        }
    }

    /// The leader has exited: ends what it left behind, and reads what is still in the pipes.
    async fn drain(mut self, code: i32) -> (End, Printed) {
        self.group.kill_remains();
        match timeout(DRAIN, self.capture.read()).await {
            Ok(Err(Overflow(stream))) => (End::ExitedWithTooMuch(code, stream), Printed::default()),
            Ok(Ok(())) | Err(_) => (End::Exited(code), self.capture.into_printed()),
        }
    }

    async fn stop(mut self, grace: Duration) {
        self.group.terminate();
        let exited = async {
            tokio::select! {
                waited = self.child.wait() => waited.is_ok(),
                () = async { self.capture.discard().await; std::future::pending().await } => false,
            }
        };
        match timeout(grace, exited).await {
            Ok(true) => self.group.kill_remains(),
            Ok(false) | Err(_) => self.kill().await,
        }
    }

    async fn kill(mut self) {
        self.group.kill();
        if let Ok(Ok(_)) = timeout(REAP, self.child.wait()).await {
            self.group.kill_remains();
        }
    }
}

/// Writes and closes. A process that does not read, or closes early, is its own business.
async fn feed(pipe: Option<ChildStdin>, text: Option<String>) {
    if let (Some(mut pipe), Some(text)) = (pipe, text) {
        let _ = pipe.write_all(text.as_bytes()).await;
    }
}
