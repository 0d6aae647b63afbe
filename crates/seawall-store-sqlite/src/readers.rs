//! The readers: a few read-only connections, used on the runtime's blocking threads.
//!
//! They see what is durable: SQLite shows a transaction to other connections only after its flush. A read that is not
//! answered because its caller went away still finishes; the semaphores count it until then.
//!
//! Lists and searches may look at many rows. They never take all connections: one is left for what is found by its key,
//! which is what runs wait for.

use std::any::type_name;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use seawall_store::{StoreError, StoreResult};
use tokio::sync::Semaphore;
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
    size: u32,
    room: Arc<Semaphore>,
    /// One less than there are connections, as long as there is more than one.
    room_for_lists: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn open(path: PathBuf, size: usize, cache_bytes: usize) -> rusqlite::Result<Self> {
        let size = u32::try_from(size.clamp(1, 64)).unwrap_or(1);
        let idle = (0..size)
            .map(|_| connection::reading(&path, cache_bytes))
            .collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(Self(Arc::new(Inner {
            path,
            cache_bytes,
            size,
            room: Arc::new(Semaphore::new(size as usize)),
            room_for_lists: Arc::new(Semaphore::new((size as usize - 1).max(1))),
            idle: Mutex::new(idle),
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
        let Ok(permit) = Arc::clone(&self.0.room).acquire_owned().await else {
            return Err(closed());
        };
        let inner = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            inner.with(path, read)
        });
        task.await.unwrap_or_else(|ended| {
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

    /// Waits for the reads that are under way and closes the connections.
    pub(crate) async fn close(&self) {
        let all = self.0.room.acquire_many(self.0.size).await;
        self.0.room.close();
        self.0.room_for_lists.close();
        self.0.idle.lock().clear();
        drop(all);
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

    #[tokio::test]
    async fn lists_leave_a_connection_for_what_runs_wait_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        Connection::open(&path)
            .unwrap()
            .pragma_update(None, "journal_mode", "wal")
            .unwrap();
        let readers = Readers::open(path, 3, 64 * 1024).unwrap();
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
