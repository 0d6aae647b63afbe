//! The readers: a few read-only connections, used on the runtime's blocking threads.
//!
//! They see what is durable: SQLite shows a transaction to other connections only after its flush. A read that was begun is
//! finished, also when its caller went away meanwhile.
//!
//! Reads wait in one queue, and a thread that has come goes on until the queue is empty: a thread for each read would be woken
//! for each, which costs more than a small read does. There are never more threads than connections.
//!
//! Lists and searches may look at many rows. They never take all connections: one is left for what is found by its key,
//! which is what runs wait for.

use std::any::type_name;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use seawall_store::{StoreError, StoreResult};
use tokio::sync::{Notify, Semaphore, oneshot};
use tracing::Instrument as _;

use crate::connection;
use crate::error::{OpError, sql_error};
use crate::slow::Watch;
use crate::writer::control;

/// The pool. Clones share it.
#[derive(Clone)]
pub(crate) struct Readers(Arc<Inner>);

struct Inner {
    path: PathBuf,
    cache_bytes: usize,
    size: usize,
    /// One less than there are connections, as long as there is more than one.
    room_for_lists: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    queue: Mutex<Queue>,
    /// A thread has gone.
    gone: Notify,
}

/// One read, with the way back to who asked for it.
type Job = Box<dyn FnOnce(&Inner) + Send>;

/// Each caller waits for one read: there are never more of them than callers.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Job>,
    threads: usize,
    closed: bool,
}

impl Readers {
    pub(crate) fn open(path: PathBuf, size: usize, cache_bytes: usize) -> rusqlite::Result<Self> {
        let size = size.clamp(1, 64);
        let idle = (0..size)
            .map(|_| connection::reading(&path, cache_bytes))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(Self(Arc::new(Inner {
            path,
            cache_bytes,
            size,
            room_for_lists: Arc::new(Semaphore::new((size - 1).max(1))),
            idle: Mutex::new(idle),
            queue: Mutex::default(),
            gone: Notify::new(),
        })))
    }

    /// Runs `read` in one read transaction: everything it sees is of one moment.
    pub(crate) async fn read<T, F>(&self, read: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, OpError> + Send + 'static,
    {
        let reading = self.read_as(type_name::<F>(), read);
        reading.instrument(tracing::debug_span!("store.read")).await
    }

    async fn read_as<T, F>(&self, path: &'static str, read: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, OpError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.enqueue(Box::new(move |inner| {
            // Else its caller has gone already.
            if !answer.is_closed() {
                drop(answer.send(inner.with(path, read)));
            }
        }))?;
        answered.await.unwrap_or_else(|ended| {
            Err(StoreError::Unavailable {
                reason: "a read did not finish",
                source: Some(Box::new(ended)),
            })
        })
    }

    /// As [`Readers::read`], for what may take long.
    pub(crate) async fn list<T, F>(&self, read: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, OpError> + Send + 'static,
    {
        let Ok(permit) = Arc::clone(&self.0.room_for_lists).acquire_owned().await else {
            return Err(closed());
        };
        let reading = self.read_as(type_name::<F>(), move |conn| {
            let _permit = permit;
            read(conn)
        });
        reading.instrument(tracing::debug_span!("store.list")).await
    }

    fn enqueue(&self, job: Job) -> StoreResult<()> {
        let mut queue = self.0.queue.lock();
        if queue.closed {
            return Err(closed());
        }
        queue.waiting.push_back(job);
        if queue.threads < self.0.size {
            queue.threads += 1;
            drop(queue);
            let thread = Thread {
                inner: Arc::clone(&self.0),
                counts: true,
            };
            tokio::task::spawn_blocking(move || thread.work());
        }
        Ok(())
    }

    /// Waits for the reads that were asked for and closes the connections.
    pub(crate) async fn close(&self) {
        self.0.queue.lock().closed = true;
        self.0.room_for_lists.close();
        loop {
            // Before the look: a thread that goes between the two is not missed.
            let gone = self.0.gone.notified();
            if self.0.queue.lock().threads == 0 {
                break;
            }
            gone.await;
        }
        self.0.idle.lock().clear();
    }
}

/// One of the threads that [`Queue::threads`] counts.
struct Thread {
    inner: Arc<Inner>,
    counts: bool,
}

impl Thread {
    fn work(mut self) {
        while let Some(job) = self.next() {
            // Who asked finds out by the way back, which is gone; the connection is too.
            let _ = catch_unwind(AssertUnwindSafe(|| job(&self.inner)));
        }
    }

    fn next(&mut self) -> Option<Job> {
        let mut queue = self.inner.queue.lock();
        let job = queue.waiting.pop_front();
        if job.is_none() {
            // Under the same lock as the look: who comes after it starts a thread.
            queue.threads -= 1;
            self.counts = false;
            drop(queue);
            self.inner.gone.notify_waiters();
        }
        job
    }
}

impl Drop for Thread {
    /// If it still counts it never began: the runtime that it was meant for has ended.
    fn drop(&mut self) {
        if !self.counts {
            return;
        }
        let mut queue = self.inner.queue.lock();
        queue.threads -= 1;
        // Without a thread nobody would come for them: their callers are told.
        let left = (queue.threads == 0).then(|| std::mem::take(&mut queue.waiting));
        drop(queue);
        drop(left);
        self.inner.gone.notify_waiters();
    }
}

impl Inner {
    /// `path`: the name of the type of what reads.
    fn with<T>(&self, path: &'static str, read: impl FnOnce(&Connection) -> Result<T, OpError>) -> StoreResult<T> {
        // Bound apart from the match, which would hold the lock while a file is opened.
        let idle = self.idle.lock().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => connection::reading(&self.path, self.cache_bytes).map_err(sql_error)?,
        };
        let watch = Watch::start();
        let answer = in_transaction(&conn, read);
        watch.tell("read", path);
        // A connection that met trouble with the file is not used again; the next reader opens another.
        if conn.is_autocommit() && !matches!(answer, Err(StoreError::Unavailable { .. })) {
            self.idle.lock().push(conn);
        }
        answer
    }
}

fn in_transaction<T>(conn: &Connection, read: impl FnOnce(&Connection) -> Result<T, OpError>) -> StoreResult<T> {
    // Kept statements: parsing these two words cost as much as a small read.
    control(conn, "BEGIN DEFERRED").map_err(sql_error)?;
    let answer = read(conn).map_err(OpError::into_store_error);
    // Nothing was written, so this only lets go of the moment that was looked at.
    let ended = control(conn, "COMMIT").map_err(sql_error);
    let answer = answer?;
    ended.map(|()| answer)
}

fn closed() -> StoreError {
    StoreError::Unavailable {
        reason: "the store is closed",
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn readers(size: usize) -> (tempfile::TempDir, Readers) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", "wal").unwrap();
        let readers = Readers::open(path, size, 64 * 1024).unwrap();
        (folder, readers)
    }

    /// A read that waits until the sender is dropped.
    fn held(readers: &Readers) -> (mpsc::Sender<()>, impl Future<Output = StoreResult<bool>>) {
        let (release, held) = mpsc::channel::<()>();
        let readers = readers.clone();
        let read = async move { readers.read(move |_| Ok(held.recv().is_err())).await };
        (release, read)
    }

    #[tokio::test]
    async fn what_was_asked_for_before_the_close_is_answered_and_nothing_after_it() {
        let (_folder, readers) = readers(1);
        let (release, first) = held(&readers);
        let second = readers.read(|_| Ok(2));
        let closing = readers.close();
        let late = async {
            let refused = readers.read(|_| Ok(3)).await;
            drop(release);
            refused
        };
        let (first, second, (), late) = tokio::join!(first, second, closing, late);
        assert!(first.unwrap());
        assert_eq!(second.unwrap(), 2);
        late.unwrap_err();
    }

    #[tokio::test]
    async fn a_read_that_panics_takes_nothing_with_it() {
        let (_folder, readers) = readers(1);
        for _ in 0..3 {
            let panics = readers.read(|_| -> Result<(), OpError> { panic!("in a read") });
            let (panicked, after) = tokio::join!(panics, readers.read(|_| Ok(1)));
            assert!(matches!(panicked, Err(StoreError::Unavailable { .. })));
            assert_eq!(after.unwrap(), 1);
        }
        readers.close().await;
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_not_begun() {
        let (_folder, readers) = readers(1);
        let (release, first) = held(&readers);
        let (ran, runs) = mpsc::channel::<()>();
        {
            let forgotten = readers.read(move |_| Ok(ran.send(()).is_ok()));
            tokio::pin!(first, forgotten);
            assert!(futures_util::poll!(&mut first).is_pending());
            assert!(futures_util::poll!(&mut forgotten).is_pending());
        }
        drop(release);
        assert_eq!(readers.read(|_| Ok(4)).await.unwrap(), 4);
        runs.recv().unwrap_err();
        readers.close().await;
    }

    #[test]
    fn a_runtime_that_ends_takes_no_thread_with_it() {
        let (_folder, readers) = readers(1);
        let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ended = runtime();
        let handle = ended.handle().clone();
        ended.shutdown_background();
        {
            // No thread is begun here any more.
            let _entered = handle.enter();
            let read = readers.read(|_| Ok(5));
            let answer = futures_util::FutureExt::now_or_never(read);
            answer.expect("it is told at once").unwrap_err();
        }
        let other = runtime();
        assert_eq!(other.block_on(readers.read(|_| Ok(6))).unwrap(), 6);
        other.block_on(readers.close());
    }

    #[tokio::test]
    async fn lists_leave_a_connection_for_what_runs_wait_for() {
        let (_folder, readers) = readers(3);
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let (ends, end) = mpsc::channel::<()>();
        let end = Arc::new(Mutex::new(end));
        let lists = (0..5).map(|_| {
            let (begun, end) = (begun.clone(), Arc::clone(&end));
            readers.list(move |_| {
                begun.send(()).unwrap();
                Ok(end.lock().recv().is_ok())
            })
        });
        let others = async {
            for _ in 0..2 {
                begins.recv().await.unwrap();
            }
            for _ in 0..10 {
                assert_eq!(readers.read(|_| Ok(7)).await.unwrap(), 7);
            }
            drop(ends);
        };
        let (lists, ()) = tokio::join!(futures_util::future::join_all(lists), others);
        assert!(lists.into_iter().all(|list| !list.unwrap()));
        readers.close().await;
        assert!(readers.list(|_| Ok(())).await.is_err());
    }
}
