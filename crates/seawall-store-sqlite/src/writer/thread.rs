use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Instant;

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;
use seawall_store::{StoreClock, Watchers};

use crate::connection;
use crate::failpoints::Failpoints;
use crate::lock::FileLock;
use crate::metrics::Counters;
use crate::options::QueueBounds;
use crate::quiet_clock::QuietClock;
use crate::writer::fault::{Fault, Standing};
use crate::writer::flush::Verdict;
use crate::writer::job::Job;
use crate::writer::queue::Queue;

/// Pages of the log after which it is copied into the database: 16 MiB. A smaller log copies the hot pages more often, a
/// larger one takes longer to recover and to copy.
const CHECKPOINT_PAGES: i32 = 4096;

/// What the thread is made of.
pub(crate) struct Parts {
    pub(crate) path: PathBuf,
    pub(crate) lock: FileLock,
    pub(crate) conn: Connection,
    pub(crate) cache_bytes: usize,
    pub(crate) queue: QueueBounds,
    pub(crate) clock: Arc<dyn StoreClock>,
    pub(crate) quiet: Arc<QuietClock>,
    pub(crate) watchers: Watchers,
    pub(crate) failpoints: Failpoints,
}

/// What the thread shows of itself.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) fault: Standing,
    pub(crate) counters: Counters,
}

/// The writer thread. Its fields are dropped in this order: the lock goes last.
pub(super) struct WriterThread {
    /// None after trouble; the next batch opens another.
    pub(super) conn: Option<Connection>,
    pub(super) failpoints: Failpoints,
    pub(super) clock: Arc<dyn StoreClock>,
    pub(super) quiet: Arc<QuietClock>,
    pub(super) shared: Arc<Shared>,
    watchers: Watchers,
    queue: Arc<Queue>,
    log_pages: Arc<AtomicI32>,
    path: PathBuf,
    cache_bytes: usize,
    _lock: FileLock,
}

impl WriterThread {
    pub(super) fn new(parts: Parts, queue: Arc<Queue>, shared: Arc<Shared>) -> Self {
        let mut conn = parts.conn;
        let log_pages = Arc::new(AtomicI32::new(0));
        let hooked = count_log_pages(&mut conn, &log_pages);
        Self {
            // Without the hook the log would grow without end; the first batch opens another connection.
            conn: hooked.is_ok().then_some(conn),
            failpoints: parts.failpoints,
            clock: parts.clock,
            quiet: parts.quiet,
            shared,
            watchers: parts.watchers,
            queue,
            log_pages,
            path: parts.path,
            cache_bytes: parts.cache_bytes,
            _lock: parts.lock,
        }
    }

    /// Until the queue is closed and empty.
    pub(super) fn run(mut self) {
        // Should this thread ever panic, nobody may wait for it.
        let queue = AbandonOnExit(Arc::clone(&self.queue));
        let mut batch = Vec::new();
        while queue.0.take(&mut batch) {
            self.flush(&mut batch);
        }
    }

    fn flush(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let started = Instant::now();
        let mut set_aside = Vec::new();
        match self.transact(batch, &mut set_aside) {
            Verdict::Durable => {}
            Verdict::NotWritten(fault) => batch.iter_mut().for_each(|job| job.fail(fault.unavailable())),
            Verdict::Unknown(fault) => batch.iter_mut().for_each(|job| job.doubt(&fault)),
        }
        self.shared
            .counters
            .flushed(batch.len() + set_aside.len(), started.elapsed());
        for job in batch.drain(..).chain(set_aside) {
            job.answer(&self.watchers);
        }
        self.checkpoint();
    }

    /// Copies a long log into the database, after everybody was answered. It cannot fail for good: what it does not copy
    /// stays in the log.
    fn checkpoint(&mut self) {
        if self.log_pages.load(Ordering::Relaxed) < CHECKPOINT_PAGES {
            return;
        }
        let Some(conn) = &self.conn else { return };
        self.log_pages.store(0, Ordering::Relaxed);
        if let Err(error) = conn.wal_checkpoint_v2(Some("main"), CheckpointMode::PASSIVE) {
            self.raise(&Fault::of_control(&error));
        }
    }

    pub(super) fn reopen(&self) -> rusqlite::Result<Connection> {
        let mut conn = connection::writing(&self.path, self.cache_bytes, false)?;
        count_log_pages(&mut conn, &self.log_pages)?;
        Ok(conn)
    }

    pub(super) fn raise(&self, fault: &Fault) {
        self.quiet.forget();
        self.shared.fault.raise(fault, self.clock.now());
    }
}

fn count_log_pages(conn: &mut Connection, pages: &Arc<AtomicI32>) -> rusqlite::Result<()> {
    let pages = Arc::clone(pages);
    conn.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count| {
        pages.store(count, Ordering::Relaxed);
        Ok(())
    }))
}

struct AbandonOnExit(Arc<Queue>);

impl Drop for AbandonOnExit {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
