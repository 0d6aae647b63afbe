//! This process as a node of the store: its identity, renewed while it holds runs and replaced when it is lost.
//!
//! An idle node writes nothing, so its identity may expire; the next run then costs a renewal, or a registration. What is certain about
//! the lease is counted on the boot clock, from before the last successful registration, renewal or claim was sent.

use std::sync::Arc;

use parking_lot::RwLock;
use seawall_store::{NodeId, Store, StoreError, StoreResult};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use crate::api::EngineParts;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::runtime::config::EngineConfig;
use crate::runtime::held::Held;
use crate::runtime::identity::Identity;

pub(crate) struct Node {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    config: EngineConfig,
    held: Arc<Held>,
    root: CancellationToken,
    current: RwLock<Arc<Identity>>,
    /// One change of identity at a time.
    changing: Mutex<()>,
    /// Tells the dispatcher that an identity was lost.
    pub(crate) mend: Notify,
}

impl Node {
    /// Registers the first identity.
    pub(crate) async fn register(
        parts: &EngineParts,
        config: EngineConfig,
        held: Arc<Held>,
        root: CancellationToken,
    ) -> StoreResult<Self> {
        let (store, clock) = (Arc::clone(&parts.store), Arc::clone(&parts.clock));
        let id = NodeId::from_uuid(parts.entropy.uuid());
        let identity = enroll(id, (&*store, &*clock), &config, &root).await?;
        Ok(Self {
            store,
            clock,
            entropy: Arc::clone(&parts.entropy),
            config,
            held,
            root,
            current: RwLock::new(Arc::new(identity)),
            changing: Mutex::new(()),
            mend: Notify::new(),
        })
    }

    pub(crate) fn current(&self) -> Arc<Identity> {
        Arc::clone(&self.current.read())
    }

    /// An identity with at least half of its lease left: the current one, renewed if need be, or a new one if the old one
    /// expired while nothing was held. An exclusive store renews also one that has expired.
    ///
    /// # Errors
    /// `NodeDead` when the identity was lost with runs in memory: the dispatcher replaces it when they are gone. Faults.
    pub(crate) async fn standing(&self) -> StoreResult<Arc<Identity>> {
        let identity = self.current();
        if self.is_fresh(&identity) {
            return Ok(identity);
        }
        let _changing = self.changing.lock().await;
        let identity = self.current();
        if self.is_fresh(&identity) {
            return Ok(identity);
        }
        // Of an exclusive store nobody else can have taken anything, however long this machine slept.
        let may_live = self.config.exclusive || !identity.left(self.clock.boot()).is_zero();
        if !identity.is_lost() && may_live {
            match self.renew(&identity).await {
                Ok(()) => return Ok(identity),
                Err(StoreError::NodeDead) => {}
                Err(error) => return Err(error),
            }
        }
        self.lose(&identity, "it had expired or was declared dead");
        if !self.held.is_empty() {
            return Err(StoreError::NodeDead);
        }
        self.replace(&identity).await
    }

    /// Takes a new identity after a lost one whose runs have left memory.
    pub(crate) async fn recover(&self) -> StoreResult<()> {
        let _changing = self.changing.lock().await;
        let identity = self.current();
        if identity.is_lost() {
            self.replace(&identity).await?;
        }
        Ok(())
    }

    async fn replace(&self, old: &Identity) -> StoreResult<Arc<Identity>> {
        // This process has let go of everything the old identity held: that is no death.
        self.store.retire(old.id).await?;
        let id = NodeId::from_uuid(self.entropy.uuid());
        let identity = enroll(id, (&*self.store, &*self.clock), &self.config, &self.root).await?;
        let identity = Arc::new(identity);
        *self.current.write() = Arc::clone(&identity);
        Ok(identity)
    }

    /// Prolongs an identity's lease.
    pub(crate) async fn renew(&self, identity: &Identity) -> StoreResult<()> {
        let sent = self.clock.boot();
        self.store.renew(identity.id, self.config.lease).await?;
        identity.renewed(sent, self.config.lease);
        Ok(())
    }

    /// Drops every run that works under this identity.
    pub(crate) fn lose(&self, identity: &Identity, why: &'static str) {
        if identity.lose() {
            let runs = self.held.len();
            if runs > 0 {
                tracing::warn!(node.id = %identity.id, runs, "the node's identity is lost: {why}; its runs are dropped and claimed again");
            }
            self.mend.notify_one();
        }
    }

    fn is_fresh(&self, identity: &Identity) -> bool {
        !identity.is_lost() && identity.left(self.clock.boot()) > self.config.lease / 2
    }
}

async fn enroll(
    id: NodeId,
    (store, clock): (&dyn Store, &dyn Clock),
    config: &EngineConfig,
    root: &CancellationToken,
) -> StoreResult<Identity> {
    let sent = clock.boot();
    store.register(id, config.lease).await?;
    if !config.exclusive {
        store.bury_expired().await?;
    }
    Ok(Identity::new(id, sent, config.lease, root))
}
