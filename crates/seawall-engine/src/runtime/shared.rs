//! What every task of the runtime shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use seawall_store::Store;
use tokio_util::sync::CancellationToken;

use crate::api::EngineParts;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::executor::SecretSource;
use crate::observer::Observer;
use crate::runtime::claims::Claims;
use crate::runtime::config::EngineConfig;
use crate::runtime::definitions::Definitions;
use crate::runtime::held::Held;
use crate::runtime::node::Node;
use crate::runtime::queues::Queues;
use crate::runtime::spawn::Spawner;

pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) secrets: Arc<dyn SecretSource>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) config: EngineConfig,
    pub(crate) definitions: Definitions,
    pub(crate) held: Arc<Held>,
    pub(crate) queues: Arc<Queues>,
    pub(crate) claims: Claims,
    pub(crate) node: Node,
    pub(crate) spawner: Spawner,
    /// Nothing new begins; what runs may end.
    pub(crate) draining: CancellationToken,
    /// The time for that is over: attempts are cancelled.
    pub(crate) hurrying: CancellationToken,
    /// Memory and store may differ in what this node holds.
    doubt: AtomicBool,
    /// Runs wait in the store for room: new ones queue up behind them.
    queueing: AtomicBool,
}

impl Shared {
    pub(crate) fn new(parts: EngineParts, config: EngineConfig, held: Arc<Held>, node: Node, spawner: Spawner) -> Self {
        let definitions = Definitions::new(Arc::clone(&parts.store), Arc::clone(&parts.entropy), parts.registry);
        let queues = Arc::new(Queues::new(Arc::clone(&parts.store), spawner.clone(), &config));
        Self {
            queues,
            claims: Claims::default(),
            store: parts.store,
            clock: parts.clock,
            entropy: parts.entropy,
            secrets: parts.secrets,
            observer: None,
            config,
            definitions,
            held,
            node,
            draining: spawner.root().child_token(),
            hurrying: spawner.root().child_token(),
            spawner,
            doubt: AtomicBool::new(false),
            queueing: AtomicBool::new(false),
        }
    }

    /// Before anything is done: who is told of it.
    pub(crate) fn observed_by(self, observer: Option<Arc<dyn Observer>>) -> Self {
        Self { observer, ..self }
    }

    /// After an ambiguous answer, a panic, a dropped run: the dispatcher compares memory with the store.
    pub(crate) fn in_doubt(&self) {
        self.doubt.store(true, Ordering::Release);
        self.node.mend.notify_one();
    }

    pub(crate) fn is_queueing(&self) -> bool {
        self.queueing.load(Ordering::Acquire)
    }

    pub(crate) fn set_queueing(&self, queueing: bool) {
        self.queueing.store(queueing, Ordering::Release);
    }

    /// Whether there was doubt; it is gone with this.
    pub(crate) fn take_doubt(&self) -> bool {
        self.doubt.swap(false, Ordering::AcqRel)
    }
}
