//! What a node remembers of keys: asked once, and never longer believed than it may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use seawall_guard::authenticate::{Authenticate as _, Credential, Decision};
use seawall_guard::problem::Problem;
use seawall_server::identity::{AccessTokens, ApiKey, Authenticator, AuthenticatorParts, MasterKey, Principal};
use seawall_store::{
    Fault, FaultPoint, KeyRecord, KeyStore as _, MemoryOptions, MemoryStore, PrincipalName, RevocationStore as _,
    Revoked, StoreClock as _, StoreOp, TenantId,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::kit::{key, key_until};
use crate::working::PausedClock;

/// A store that can be switched off and counts what is asked of it.
pub(super) struct World {
    pub(super) store: Arc<MemoryStore>,
    pub(super) clock: PausedClock,
    down: Arc<AtomicBool>,
    writes: Arc<AtomicUsize>,
    nodes: JoinSet<()>,
    stop: CancellationToken,
}

/// How an answer came.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Came {
    AtOnce,
    AfterALook,
}

impl World {
    pub(super) fn new() -> Self {
        let (down, writes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (is_down, written) = (Arc::clone(&down), Arc::clone(&writes));
        let faults = move |point: &FaultPoint| {
            if point.op == StoreOp::Identity {
                written.fetch_add(1, Ordering::SeqCst);
            }
            is_down.load(Ordering::SeqCst).then_some(Fault::BeforeWrite)
        };
        let clock = PausedClock::new();
        let options = MemoryOptions {
            faults: Some(Arc::new(faults)),
            ..MemoryOptions::default()
        };
        Self {
            store: Arc::new(MemoryStore::with_options(Arc::new(clock), options)),
            clock,
            down,
            writes,
            nodes: JoinSet::new(),
            stop: CancellationToken::new(),
        }
    }

    pub(super) fn tokens() -> AccessTokens {
        let secret = secrecy::SecretString::from("a secret key of at least 32 bytes");
        AccessTokens::new(&MasterKey::new(&secret).unwrap())
    }

    /// A node that nobody keeps up to date.
    pub(super) fn idle_node(&self) -> Authenticator {
        Authenticator::new(AuthenticatorParts {
            store: Arc::clone(&self.store) as _,
            clock: Arc::new(self.clock),
            tokens: Self::tokens(),
            bootstrap: None,
            oidc: None,
        })
    }

    pub(super) async fn node(&mut self) -> Authenticator {
        let node = self.idle_node();
        let (kept, stop) = (node.clone(), self.stop.clone());
        self.nodes.spawn(async move { kept.keep_up(&stop).await });
        pass(Duration::from_millis(1)).await;
        node
    }

    async fn key(&self) -> (ApiKey, String) {
        key(&*self.store, "acme", "runs:read").await
    }

    async fn revoke(&self, key: &ApiKey) {
        let by = PrincipalName::parse("somebody").unwrap();
        let id = key.id().to_store().unwrap();
        self.store.revoke_key(&acme(), id, by, None).await.unwrap();
    }

    async fn record(&self, key: &ApiKey) -> KeyRecord {
        self.store
            .key(&acme(), key.id().to_store().unwrap())
            .await
            .unwrap()
            .unwrap()
    }
}

pub(super) fn acme() -> TenantId {
    TenantId::new("acme").unwrap()
}

/// The paused clock goes on, and everybody does what is due.
pub(super) async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

pub(super) async fn present(node: &Authenticator, text: &str) -> (Came, Result<Principal, Problem>) {
    match node.authenticate(Credential::Bearer(text)) {
        Decision::Ready(result) => (Came::AtOnce, result),
        Decision::Later(looking) => (Came::AfterALook, looking.await),
    }
}

/// How the answer came, and its status: 200 for a principal.
pub(super) async fn status(node: &Authenticator, text: &str) -> (Came, u16) {
    let (came, result) = present(node, text).await;
    (came, result.map_or_else(|problem| problem.status().as_u16(), |_| 200))
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_key_is_looked_up_once_and_then_known_at_once() {
    let mut world = World::new();
    let node = world.node().await;
    let (key, text) = world.key().await;
    let (came, principal) = present(&node, &text).await;
    let principal = principal.unwrap();
    assert_eq!(came, Came::AfterALook);
    assert_eq!(
        (&*principal.subject, principal.tenant.as_str()),
        (&*key.id().to_type_id(), "acme")
    );
    assert_eq!(principal.scopes.to_string(), "runs:read");
    let (came, again) = present(&node, &text).await;
    assert_eq!((came, again.unwrap()), (Came::AtOnce, principal));

    // Another secret under a known id, and an id that nobody has: both are one refusal.
    let forged = ApiKey::generate(key.id()).reveal();
    let forged = secrecy::ExposeSecret::expose_secret(&forged);
    assert_eq!(status(&node, forged).await, (Came::AtOnce, 401));
    let (_, foreign) = super::kit::key(&*World::new().store, "acme", "").await;
    for _ in 0..2 {
        assert_eq!(status(&node, &foreign).await, (Came::AfterALook, 401));
    }

    // It is not believed for ever.
    pass(61 * SECOND).await;
    assert_eq!(status(&node, &text).await, (Came::AfterALook, 200));
    assert_eq!(status(&node, &text).await, (Came::AtOnce, 200));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_hears_of_no_ends_asks_each_time() {
    let world = World::new();
    let node = world.idle_node();
    let (_, text) = world.key().await;
    for _ in 0..2 {
        assert_eq!(status(&node, &text).await, (Came::AfterALook, 200));
    }
}

#[tokio::test(start_paused = true)]
async fn a_revocation_holds_at_once_where_it_is_made_and_soon_everywhere() {
    let mut world = World::new();
    let (here, there) = (world.node().await, world.node().await);
    let (key, text) = world.key().await;
    for node in [&here, &there] {
        present(node, &text).await.1.unwrap();
        assert_eq!(status(node, &text).await, (Came::AtOnce, 200));
    }
    world.revoke(&key).await;
    here.ended(Revoked::Key(key.id().to_store().unwrap()));
    assert_eq!(status(&here, &text).await, (Came::AfterALook, 401));
    assert_eq!(status(&there, &text).await, (Came::AtOnce, 200), "it cannot know yet");
    pass(2 * SECOND).await;
    assert_eq!(status(&there, &text).await.1, 401);
    assert_eq!(
        status(&there, &text).await,
        (Came::AtOnce, 401),
        "a known refusal costs nothing either"
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_that_has_missed_ends_believes_nothing_that_it_knew() {
    let mut world = World::new();
    let node = world.node().await;
    let (key, text) = world.key().await;
    let (_, other) = world.key().await;
    for text in [&text, &other] {
        present(&node, text).await.1.unwrap();
        assert_eq!(status(&node, text).await, (Came::AtOnce, 200));
    }
    // Between two of its questions, the end comes and its record goes.
    pass(SECOND / 4).await;
    world.revoke(&key).await;
    pass(SECOND / 4).await;
    assert_eq!(world.store.forget_revocations(Duration::ZERO, 10).await.unwrap(), 1);
    pass(SECOND).await;
    assert_eq!(status(&node, &text).await, (Came::AfterALook, 401));
    assert_eq!(status(&node, &other).await, (Came::AfterALook, 200));
    assert_eq!(status(&node, &other).await, (Came::AtOnce, 200));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_cannot_hear_of_ends_believes_nothing_after_five_seconds() {
    let mut world = World::new();
    let node = world.node().await;
    let (key, text) = world.key().await;
    present(&node, &text).await.1.unwrap();
    pass(SECOND / 2).await;
    world.down.store(true, Ordering::SeqCst);
    pass(4 * SECOND).await;
    assert_eq!(status(&node, &text).await, (Came::AtOnce, 200));
    pass(SECOND).await;
    let (came, refused) = present(&node, &text).await;
    let refused = refused.unwrap_err();
    assert_eq!((came, refused.status().as_u16()), (Came::AfterALook, 503));

    // What ended in the meantime has ended.
    world.down.store(false, Ordering::SeqCst);
    world.revoke(&key).await;
    pass(2 * SECOND).await;
    assert_eq!(status(&node, &text).await.1, 401);
    let (_, other) = world.key().await;
    present(&node, &other).await.1.unwrap();
    assert_eq!(status(&node, &other).await, (Came::AtOnce, 200));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_expires_is_refused_from_that_moment_on() {
    let mut world = World::new();
    let node = world.node().await;
    let end = world.clock.now().saturating_add(3 * SECOND);
    let (_, text) = key_until(&*world.store, "acme", "runs:read", Some(end)).await;
    present(&node, &text).await.1.unwrap();
    pass(2 * SECOND).await;
    assert_eq!(status(&node, &text).await, (Came::AtOnce, 200));
    pass(SECOND).await;
    assert_eq!(status(&node, &text).await, (Came::AtOnce, 401));
}

#[tokio::test(start_paused = true)]
async fn uses_are_written_together_and_before_the_end() {
    let mut world = World::new();
    let node = world.node().await;
    let (one, first) = world.key().await;
    let (two, second) = world.key().await;
    let before = world.writes.load(Ordering::SeqCst);
    for _ in 0..100 {
        for text in [&first, &second] {
            present(&node, text).await.1.unwrap();
        }
        pass(SECOND / 20).await;
    }
    assert_eq!(world.record(&one).await.last_used_at, None);
    pass(6 * SECOND).await;
    for key in [&one, &two] {
        let used = world.record(key).await.last_used_at.unwrap();
        assert!(world.clock.now().as_millis() - used.as_millis() < 8_000);
    }
    assert_eq!(world.writes.load(Ordering::SeqCst), before + 1);

    // One that was refused was not used, and what is known at the end is written down.
    let noted = world.record(&two).await.last_used_at;
    let forged = ApiKey::generate(two.id()).reveal();
    present(&node, secrecy::ExposeSecret::expose_secret(&forged))
        .await
        .1
        .unwrap_err();
    present(&node, &first).await.1.unwrap();
    let now = world.clock.now();
    world.stop.cancel();
    world.nodes.join_next().await.unwrap().unwrap();
    assert_eq!(world.record(&one).await.last_used_at, Some(now));
    assert_eq!(world.record(&two).await.last_used_at, noted);
}

#[tokio::test(start_paused = true)]
async fn uses_that_cannot_be_written_are_written_later() {
    let mut world = World::new();
    let node = world.node().await;
    let (key, text) = world.key().await;
    present(&node, &text).await.1.unwrap();
    world.down.store(true, Ordering::SeqCst);
    pass(15 * SECOND).await;
    world.down.store(false, Ordering::SeqCst);
    assert_eq!(world.record(&key).await.last_used_at, None);
    pass(10 * SECOND).await;
    assert!(world.record(&key).await.last_used_at.is_some());
}
