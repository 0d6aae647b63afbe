use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use seawall_engine::Clock;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use super::OidcError;
use super::cache::{KeyCache, Look};
use super::fetch::{FetchError, Fetcher};
use super::jwk::KeySet;

/// The issuer's keys, fetched when they are needed: once for everybody who waits.
pub(super) struct KeySource(Arc<Shared>);

struct Shared {
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Fetches go on when who asked for them goes away: a token that is sent and given up must not undo a fetch for which
    /// the others wait, and which is the only one in its interval.
    tasks: TaskTracker,
}

#[derive(Default)]
struct State {
    cache: KeyCache,
    /// Open as long as a fetch is under way.
    under_way: Option<watch::Receiver<()>>,
}

/// What one look into the state asks for.
enum Next {
    Judge(Arc<KeySet>),
    Wait(watch::Receiver<()>),
    Unavailable(Duration),
}

impl KeySource {
    pub(super) fn new(fetcher: Fetcher, clock: Arc<dyn Clock>, tasks: TaskTracker) -> Self {
        Self(Arc::new(Shared {
            fetcher,
            clock,
            state: Mutex::default(),
            tasks,
        }))
    }

    /// The keys to judge a token by that names `kid`.
    pub(super) async fn keys(&self, kid: Option<&str>) -> Result<Arc<KeySet>, OidcError> {
        let fetch = match self.next(kid) {
            Next::Judge(keys) => return Ok(keys),
            Next::Unavailable(retry_after) => return Err(OidcError::Unavailable { retry_after }),
            Next::Wait(fetch) => fetch,
        };
        ended(fetch).await;
        // Whatever it brought: by the rules, there is no second fetch so soon.
        match self.look(kid) {
            Look::Use(keys) | Look::UseAndRefresh(keys) => Ok(keys),
            Look::Fetch => Err(OidcError::Unavailable {
                retry_after: Duration::from_secs(1),
            }),
            Look::Unavailable { retry_after } => Err(OidcError::Unavailable { retry_after }),
        }
    }

    fn look(&self, kid: Option<&str>) -> Look {
        self.0.state.lock().cache.look(kid, self.0.clock.boot())
    }

    fn next(&self, kid: Option<&str>) -> Next {
        let now = self.0.clock.boot();
        let mut state = self.0.state.lock();
        let look = state.cache.look(kid, now);
        match look {
            Look::UseAndRefresh(keys) => {
                self.begin(&mut state, now);
                Next::Judge(keys)
            }
            Look::Fetch => Next::Wait(self.begin(&mut state, now)),
            Look::Use(keys) => match under_way(&state) {
                // The key may be among those that are being fetched.
                Some(fetch) if !keys.knows(kid) => Next::Wait(fetch),
                _ => Next::Judge(keys),
            },
            Look::Unavailable { retry_after } => under_way(&state).map_or(Next::Unavailable(retry_after), Next::Wait),
        }
    }

    /// Begins a fetch, unless one is under way.
    fn begin(&self, state: &mut State, now: Duration) -> watch::Receiver<()> {
        if let Some(fetch) = under_way(state) {
            return fetch;
        }
        let (done, fetch) = watch::channel(());
        state.cache.begin(now);
        state.under_way = Some(fetch.clone());
        let shared = Arc::clone(&self.0);
        self.0.tasks.spawn(async move {
            let fetched = shared.fetcher.fetch().await;
            match fetched {
                Ok(keys) => {
                    let mut state = shared.state.lock();
                    state.cache.keep(keys, shared.clock.boot());
                }
                Err(error) => log(&error),
            }
            // Dropped last: who waits for it finds the keys.
            drop(done);
        });
        fetch
    }
}

impl std::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("KeySource").field(&self.0.fetcher).finish()
    }
}

fn under_way(state: &State) -> Option<watch::Receiver<()>> {
    let fetch = state.under_way.as_ref()?;
    // The sender is dropped when the fetch has ended, also when the task was given up at shutdown.
    fetch.has_changed().is_ok().then(|| fetch.clone())
}

async fn ended(mut fetch: watch::Receiver<()>) {
    while fetch.changed().await.is_ok() {}
}

fn log(error: &FetchError) {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    tracing::warn!(error = %error, error.cause = cause, "the keys of the OIDC issuer could not be fetched");
}
