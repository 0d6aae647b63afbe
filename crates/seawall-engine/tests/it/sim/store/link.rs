//! One process's connection to the database.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use parking_lot::Mutex;
use seawall_engine::store::{MemoryStore, NodeId, StoreOp, StoreResult, Watchers};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::sim::store::database::Database;
use crate::sim::store::faults::{Trouble, ambiguous, unavailable};
use crate::sim::witness::Witness;

/// Clones share it.
#[derive(Clone)]
pub(crate) struct Link {
    wire: Arc<Wire>,
    pub(super) watchers: Watchers,
}

struct Wire {
    database: Arc<Database>,
    life: u32,
    /// The process has ended.
    cut: AtomicBool,
    /// The process was told to shut down: it may finish, but claim nothing.
    draining: AtomicBool,
    /// Nothing passes the wire before then: the process lives on and is alone.
    apart_until: Mutex<Instant>,
}

impl Link {
    /// `life`: which life of which process this is; never used again.
    pub(crate) fn new(database: &Arc<Database>, life: u32) -> Self {
        let watchers = Watchers::default();
        database.rows.attach(watchers.clone());
        let wire = Wire {
            database: Arc::clone(database),
            life,
            cut: AtomicBool::new(false),
            draining: AtomicBool::new(false),
            apart_until: Mutex::new(Instant::now()),
        };
        Self {
            wire: Arc::new(wire),
            watchers,
        }
    }

    pub(crate) fn cut(&self) {
        self.wire.cut.store(true, Ordering::SeqCst);
    }

    pub(crate) fn part(&self, time: Duration) {
        *self.wire.apart_until.lock() = Instant::now() + time;
    }

    pub(crate) fn drain(&self) {
        self.wire.draining.store(true, Ordering::SeqCst);
    }

    pub(super) fn witness(&self) -> Arc<Witness> {
        Arc::clone(&self.wire.database.witness)
    }

    /// Notes which life a new identity belongs to.
    pub(super) fn registers(&self, node: NodeId) {
        self.wire.database.registered(node, self.wire.life);
    }

    /// A call on its way: to the database, and back. It arrives also when the caller has gone meanwhile, unless the process
    /// ended that the embedded store lived in.
    pub(super) fn call<T: Send + 'static>(
        &self,
        op: StoreOp,
        about: String,
        work: impl FnOnce(&MemoryStore) -> StoreResult<T> + Send + 'static,
    ) -> BoxFuture<'static, StoreResult<T>> {
        let wire = Arc::clone(&self.wire);
        async move {
            if op == StoreOp::Claim && wire.draining.load(Ordering::SeqCst) {
                let text = format!("life {} claims while it drains", wire.life);
                wire.database.trace.violation(text);
            }
            let (tell, told) = oneshot::channel();
            let way = Arc::clone(&wire);
            wire.database.calls.spawn(async move {
                let answer = way.travel(op, &about, work).await;
                // The caller may have gone.
                let _ = tell.send(answer);
            });
            told.await.unwrap_or_else(|_| Err(ambiguous()))
        }
        .boxed()
    }
}

impl Wire {
    async fn travel<T>(
        &self,
        op: StoreOp,
        about: &str,
        work: impl FnOnce(&MemoryStore) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let database = &self.database;
        let (fate, server) = (database.fate(op), database.server());
        let apart = *self.apart_until.lock();
        tokio::time::sleep_until(apart.max(Instant::now() + fate.before)).await;
        if database.exclusive && self.cut.load(Ordering::SeqCst) {
            return Err(ambiguous());
        }
        if database.server() != server {
            self.note(op, about, "lost in a restart");
            return Err(ambiguous());
        }
        if database.is_down() {
            self.note(op, about, "down");
            return Err(unavailable("the server is down"));
        }
        let answer = match fate.trouble {
            Some(trouble @ (Trouble::Busy | Trouble::Unavailable | Trouble::LostRequest)) => Err(trouble.error()),
            Some(Trouble::LostAnswer) => work(&database.rows).and_then(|_| Err(Trouble::LostAnswer.error())),
            None => work(&database.rows),
        };
        match (&answer, fate.trouble) {
            (Ok(_), _) => self.note(op, about, "ok"),
            (Err(error), trouble) => {
                self.note(op, about, format_args!("{error} {trouble:?}"));
                database.trace.count(format_args!("{op:?}: {error}"));
            }
        }
        let apart = *self.apart_until.lock();
        tokio::time::sleep_until(apart.max(Instant::now() + fate.after)).await;
        if database.server() != server {
            return answer.and_then(|_| Err(ambiguous()));
        }
        answer
    }

    fn note(&self, op: StoreOp, about: &str, answer: impl fmt::Display) {
        let life = self.life;
        self.database
            .trace
            .line(format_args!("{life} {op:?} {about}: {answer}"));
    }
}

/// The answer of a store that gives it at once.
pub(crate) fn now<T>(answer: BoxFuture<'_, StoreResult<T>>) -> StoreResult<T> {
    answer.now_or_never().expect("the store in memory answers at once")
}
