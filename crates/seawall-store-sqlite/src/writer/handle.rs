use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use seawall_store::{StoreError, StoreResult, WriteStats};
use tokio::sync::{oneshot, watch};
use tracing::Instrument as _;

use crate::error::OpenError;
use crate::metrics::SqliteMetrics;
use crate::writer::job::{FIXED_BYTES, Operation, Pending};
use crate::writer::queue::{Lane, Queue};
use crate::writer::thread::{Parts, Shared, WriterThread};

/// The writer as the rest of the room sees it. Dropping it waits for the thread's end.
pub(crate) struct Writer {
    queue: Arc<Queue>,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Its sender is dropped when the thread has ended and let go of the file.
    ended: watch::Receiver<()>,
}

impl Writer {
    pub(crate) fn start(parts: Parts) -> Result<Self, OpenError> {
        let queue = Arc::new(Queue::new(parts.queue));
        let shared = Arc::new(Shared::default());
        let (ends, ended) = watch::channel(());
        let writer = WriterThread::new(parts, Arc::clone(&queue), Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                writer.run();
                drop(ends);
            })
            .map_err(|source| OpenError::Thread { source })?;
        Ok(Self {
            queue,
            shared,
            thread: Mutex::new(Some(thread)),
            ended,
        })
    }

    /// Queues the operation and waits for its answer. A caller that goes away does not take the operation back.
    pub(crate) async fn submit<O: Operation>(&self, lane: Lane, operation: O) -> StoreResult<O::Answer> {
        let room = self.queue.room(lane, operation.payload() + FIXED_BYTES).await?;
        let (reply, answer) = oneshot::channel();
        let job = Pending {
            operation,
            outcome: None,
            doubt: None,
            reply,
            _room: room,
        };
        self.queue.push(lane, Box::new(job))?;
        let answer = answer.instrument(tracing::debug_span!("store.write")).await;
        answer.unwrap_or_else(|dropped| {
            Err(StoreError::Ambiguous {
                source: Box::new(dropped),
            })
        })
    }

    pub(crate) fn is_faulty(&self) -> bool {
        self.shared.fault.is_raised()
    }

    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn metrics(&self) -> SqliteMetrics {
        self.shared.counters.snapshot(self.queue.len())
    }

    pub(crate) fn writes(&self) -> WriteStats {
        self.shared.counters.writes(self.queue.len())
    }

    /// Refuses further work and waits until what was accepted is answered and the file is let go.
    pub(crate) async fn close(&self) {
        self.queue.close();
        let mut ended = self.ended.clone();
        while ended.changed().await.is_ok() {}
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the writer thread had panicked");
        }
    }
}
