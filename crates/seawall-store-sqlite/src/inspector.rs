use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use rusqlite::Connection;
use seawall_store::{
    InspectStore, InspectedRun, InspectedSchedule, MessageKey, Miscount, RunId, RunKey, RunParts, RunRepair, RunStatus,
    StoreError, StoreResult, Strays, TenantId, WorkflowRecord, WorkflowVersion,
};

use crate::error::{OpError, OpenError};
use crate::lock::{FileLock, resolve};
use crate::{counts, inspect, migrate};

const CACHE_BYTES: usize = 8 << 20;

/// A file opened for reading only, also beside the process that works on it. Everything it answers is of one moment: that of
/// its opening. As long as it lives, what is written beside it gathers in the write-ahead log.
pub struct SqliteInspector {
    conn: Arc<Mutex<Connection>>,
    in_use: bool,
}

impl SqliteInspector {
    /// # Errors
    /// `NewerVersion`, `OlderVersion`, `MigrationChanged`: the file is not at this program's version. Errors of the file.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let path = resolve(path)?;
        let in_use = matches!(FileLock::take(&path), Err(OpenError::Locked { .. }));
        let conn = migrate::open_to_read(&path, CACHE_BYTES)?;
        migrate::require_current(&conn)?;
        // The first read of the transaction is the moment.
        conn.execute_batch("BEGIN DEFERRED; SELECT n FROM mark")
            .map_err(OpenError::database("read the database"))?;
        Ok(Self {
            conn: Arc::new(Mutex::new(conn)),
            in_use,
        })
    }

    /// A process was working on the file when it was opened.
    #[must_use]
    pub const fn is_in_use(&self) -> bool {
        self.in_use
    }

    fn read<T, F>(&self, read: F) -> BoxFuture<'_, StoreResult<T>>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, OpError> + Send + 'static,
    {
        let conn = Arc::clone(&self.conn);
        Box::pin(async move {
            let task = tokio::task::spawn_blocking(move || read(&conn.lock()).map_err(OpError::into_store_error));
            task.await.unwrap_or_else(|ended| {
                Err(StoreError::Unavailable {
                    reason: "a read did not finish",
                    source: Some(Box::new(ended)),
                })
            })
        })
    }
}

impl InspectStore for SqliteInspector {
    fn inspect_runs(&self, after: Option<RunKey>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<InspectedRun>>> {
        self.read(move |conn| inspect::runs(conn, after, limit))
    }

    fn inspect_parts(&self, run: RunKey) -> BoxFuture<'_, StoreResult<RunParts>> {
        self.read(move |conn| Ok(inspect::parts(conn, run)))
    }

    fn inspect_id<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: RunId,
    ) -> BoxFuture<'a, StoreResult<Option<(RunKey, RunStatus)>>> {
        let tenant = tenant.clone();
        self.read(move |conn| inspect::id(conn, &tenant, id))
    }

    fn inspect_message<'a>(&'a self, run: RunKey, key: &'a MessageKey) -> BoxFuture<'a, StoreResult<Option<bool>>> {
        let key = key.clone();
        self.read(move |conn| inspect::message(conn, run, &key))
    }

    fn inspect_workflow<'a>(
        &'a self,
        tenant: &'a TenantId,
        workflow: &'a WorkflowVersion,
    ) -> BoxFuture<'a, StoreResult<Option<WorkflowRecord>>> {
        let (tenant, workflow) = (tenant.clone(), workflow.clone());
        self.read(move |conn| inspect::workflow(conn, &tenant, &workflow))
    }

    fn inspect_strays(&self) -> BoxFuture<'_, StoreResult<Vec<Strays>>> {
        self.read(inspect::strays)
    }

    fn inspect_schedules(&self, after: Option<i64>, limit: u32) -> BoxFuture<'_, StoreResult<Vec<InspectedSchedule>>> {
        self.read(move |conn| inspect::schedules(conn, after, limit))
    }

    fn inspect_counts(&self) -> BoxFuture<'_, StoreResult<Vec<Miscount>>> {
        self.read(counts::miscounts)
    }

    fn integrity(&self, limit: u32) -> BoxFuture<'_, StoreResult<Vec<String>>> {
        self.read(move |conn| Ok(inspect::integrity(conn, limit)))
    }

    fn repair_run(&self, _repair: RunRepair) -> BoxFuture<'_, StoreResult<bool>> {
        Box::pin(std::future::ready(Err(inspect::read_only())))
    }

    fn clear_strays(&self) -> BoxFuture<'_, StoreResult<u64>> {
        Box::pin(std::future::ready(Err(inspect::read_only())))
    }

    fn recount(&self) -> BoxFuture<'_, StoreResult<()>> {
        Box::pin(std::future::ready(Err(inspect::read_only())))
    }
}
