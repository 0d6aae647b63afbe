//! One attempt, as an executor gets it.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{RunId, TenantId};
use tokio_util::sync::CancellationToken;

use crate::definition::Rendered;
use crate::effect::EffectClass;
use crate::executor::secrets::SecretSource;
use crate::names::{ActivityRef, EffectKey};

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub tenant: TenantId,
    pub run: RunId,
    pub activity: ActivityRef,
    /// Counted from 1.
    pub number: u32,
    pub effect: EffectClass,
    pub effect_key: EffectKey,
    /// The step's `with`, rendered. Secrets stand apart in it until [`Rendered::reveal`].
    pub request: Rendered,
    /// How long the attempt may take. The runtime cancels it then.
    pub timeout: Duration,
}

/// What an attempt may use.
#[derive(Clone)]
pub struct AttemptContext {
    /// Fires on timeout, cancel and shutdown. The executor then stops the effect and says what it knows.
    pub cancel: CancellationToken,
    pub fence: Fence,
    pub secrets: Arc<dyn SecretSource>,
}

/// The attempt did not begin: this node's lease is too short, or lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the lease has too little time left to begin an effect")]
pub struct BeginRefused;

/// The last look at the lease before the world is touched.
#[derive(Clone)]
pub struct Fence(Arc<dyn Fn() -> bool + Send + Sync>);

impl Fence {
    /// `alive` answers whether the lease, counted on the boot clock, has at least two seconds left.
    #[must_use]
    pub fn new(alive: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(alive))
    }

    /// To be called right before the first byte is sent or the process is spawned, and after everything that can wait.
    ///
    /// # Errors
    /// [`BeginRefused`]: answer [`crate::Outcome::NotBegun`].
    pub fn begin(&self) -> Result<(), BeginRefused> {
        if (self.0)() { Ok(()) } else { Err(BeginRefused) }
    }
}
