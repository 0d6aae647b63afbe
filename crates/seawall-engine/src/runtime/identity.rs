//! One life of this node, and how much of its lease is certainly left.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use seawall_store::NodeId;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::executor::Fence;

/// No effect begins with less than this left.
const FENCE: Duration = Duration::from_secs(2);

/// `Alive => Lost`, once; the node then takes a new identity.
pub(crate) struct Identity {
    pub(crate) id: NodeId,
    /// Boot time in milliseconds at which the lease may be over.
    until: AtomicU64,
    lost: CancellationToken,
}

impl Identity {
    /// `sent` is when the registration was sent: the store may have counted from then on.
    pub(crate) fn new(id: NodeId, sent: Duration, lease: Duration, root: &CancellationToken) -> Self {
        Self {
            id,
            until: AtomicU64::new(millis(sent + lease)),
            lost: root.child_token(),
        }
    }

    /// A renewal that was sent at `sent` has succeeded.
    pub(crate) fn renewed(&self, sent: Duration, lease: Duration) {
        self.until.fetch_max(millis(sent + lease), Ordering::AcqRel);
    }

    /// How long the lease certainly lasts from `boot` on.
    pub(crate) fn left(&self, boot: Duration) -> Duration {
        Duration::from_millis(self.until.load(Ordering::Acquire)).saturating_sub(boot)
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.is_cancelled()
    }

    /// Ends every run task that works under this identity. Answers whether it was not lost before.
    pub(crate) fn lose(&self) -> bool {
        let first = !self.lost.is_cancelled();
        self.lost.cancel();
        first
    }

    /// Fires when the identity is lost.
    pub(crate) fn runs_token(&self) -> CancellationToken {
        self.lost.child_token()
    }

    /// The last look before an effect.
    pub(crate) fn fence(self: &Arc<Self>, clock: Arc<dyn Clock>) -> Fence {
        let identity = Arc::clone(self);
        Fence::new(move || !identity.is_lost() && identity.left(clock.boot()) >= FENCE)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
