//! Ctrl-C while a run goes on: first a clean stop, then an immediate one.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT and SIGTERM, from the moment this is made.
pub(crate) struct Interrupt {
    keyboard: Signal,
    stop: Signal,
}

impl Interrupt {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            keyboard: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::terminate())?,
        })
    }

    /// The next one. May be dropped while it waits.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.keyboard.recv() => {}
            _ = self.stop.recv() => {}
        }
    }
}
