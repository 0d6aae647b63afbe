use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use seawall_engine::Clock;
use seawall_engine::store::{StoreClock as _, Timestamp};
use seawall_server::identity::oidc::{Issuer, OidcConfig, OidcVerifier};
use seawall_store::ManualClock;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use super::issuer::TestIssuer;
use super::keys::Signer;

/// Both clocks stand still until they are moved.
#[derive(Clone, Default)]
pub(crate) struct TestClock {
    pub(crate) wall: ManualClock,
    boot: Arc<Mutex<Duration>>,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.wall.now()
    }

    fn boot(&self) -> Duration {
        *self.boot.lock()
    }
}

/// An issuer, and a server that trusts it.
pub(crate) struct World {
    pub(crate) issuer: TestIssuer,
    pub(crate) verifier: OidcVerifier,
    clock: TestClock,
    tasks: TaskTracker,
}

impl World {
    pub(crate) async fn new(signers: &[&Signer]) -> Self {
        let issuer = TestIssuer::start(signers.iter().map(|signer| signer.jwk()).collect()).await;
        Self::of(issuer)
    }

    pub(crate) fn of(issuer: TestIssuer) -> Self {
        let (clock, tasks) = (TestClock::default(), TaskTracker::new());
        let config = OidcConfig::new(Issuer::new(issuer.url(), true).unwrap(), "seawall");
        let verifier = OidcVerifier::new(config, Arc::new(clock.clone()), tasks.clone()).unwrap();
        Self {
            issuer,
            verifier,
            clock,
            tasks,
        }
    }

    /// The boot clock alone: tokens stay as fresh as they were.
    pub(crate) fn passes(&self, time: Duration) {
        *self.clock.boot.lock() += time;
    }

    /// Claims of a token that holds now.
    pub(crate) fn claims(&self) -> Value {
        let now = self.clock.wall.now().as_millis() / 1_000;
        json!({"iss": self.issuer.url(), "aud": "seawall", "sub": "ada", "iat": now, "nbf": now, "exp": now + 300})
    }

    pub(crate) fn token(&self, signer: &Signer) -> String {
        signer.token(&self.claims())
    }

    /// Until no fetch is under way.
    pub(crate) async fn settled(&self) {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
    }
}
