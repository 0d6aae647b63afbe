//! Which keys are used, and when they are fetched. Pure: the time comes in, as time since boot, which no one sets back.

use std::sync::Arc;
use std::time::Duration;

use super::jwk::KeySet;

/// How long keys are used before they are fetched anew, in the background.
pub const FRESH_FOR: Duration = Duration::from_secs(10 * 60);

/// The least time between two fetches, however many tokens name keys that nobody knows.
pub const MIN_INTERVAL: Duration = Duration::from_secs(30);

/// How long keys are used that the issuer has not confirmed since: it is down, or answers nonsense.
pub const STALE_FOR: Duration = Duration::from_secs(12 * 60 * 60);

#[derive(Debug, Default)]
pub(super) struct KeyCache {
    keys: Option<Fetched>,
    last_try: Option<Duration>,
}

#[derive(Debug)]
struct Fetched {
    keys: Arc<KeySet>,
    at: Duration,
}

/// What is to be done for a token.
#[derive(Debug)]
pub(super) enum Look {
    /// These are the keys to judge it by.
    Use(Arc<KeySet>),
    /// The same; fetch them anew meanwhile.
    UseAndRefresh(Arc<KeySet>),
    /// It names a key that is not there, or there are none: fetch first, then look again.
    Fetch,
    /// There are no keys to judge by, and it is too early to ask again.
    Unavailable { retry_after: Duration },
}

impl KeyCache {
    /// `kid`: as the token names its key.
    pub(super) fn look(&self, kid: Option<&str>, now: Duration) -> Look {
        let may_fetch = self.wait(now).is_zero();
        let age = |fetched: &Fetched| now.saturating_sub(fetched.at);
        let Some(fetched) = self.keys.as_ref().filter(|fetched| age(fetched) < STALE_FOR) else {
            return match self.wait(now) {
                Duration::ZERO => Look::Fetch,
                retry_after => Look::Unavailable { retry_after },
            };
        };
        let keys = Arc::clone(&fetched.keys);
        let is_known = keys.knows(kid);
        match (is_known, may_fetch) {
            (false, true) => Look::Fetch,
            (true, true) if age(fetched) >= FRESH_FOR => Look::UseAndRefresh(keys),
            // An unknown name is refused by the keys that are there: the issuer was asked just now.
            _ => Look::Use(keys),
        }
    }

    /// A fetch begins. It counts from here on, however it ends.
    pub(super) const fn begin(&mut self, now: Duration) {
        self.last_try = Some(now);
    }

    /// A fetch has given keys.
    pub(super) fn keep(&mut self, keys: KeySet, now: Duration) {
        self.keys = Some(Fetched {
            keys: Arc::new(keys),
            at: now,
        });
    }

    /// How long until the next fetch may begin.
    fn wait(&self, now: Duration) -> Duration {
        let next = self.last_try.map_or(Duration::ZERO, |last| last + MIN_INTERVAL);
        next.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: Duration = Duration::from_secs(1_000_000);

    fn keys(kid: &str) -> KeySet {
        let key = format!(
            r#"{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{}"}}"#,
            "A".repeat(43)
        );
        KeySet::parse(format!(r#"{{"keys":[{key}]}}"#).as_bytes()).unwrap()
    }

    /// With the key `a`, fetched at [`BEGIN`].
    fn cache() -> KeyCache {
        let mut cache = KeyCache::default();
        cache.begin(BEGIN);
        cache.keep(keys("a"), BEGIN);
        cache
    }

    fn seen(look: &Look) -> &'static str {
        match look {
            Look::Use(_) => "use",
            Look::UseAndRefresh(_) => "use and refresh",
            Look::Fetch => "fetch",
            Look::Unavailable { .. } => "unavailable",
        }
    }

    #[test]
    fn before_the_first_keys_there_is_one_try_in_each_interval() {
        let mut cache = KeyCache::default();
        assert_eq!(seen(&cache.look(Some("a"), BEGIN)), "fetch");
        cache.begin(BEGIN);
        let later = BEGIN + Duration::from_secs(10);
        let Look::Unavailable { retry_after } = cache.look(Some("a"), later) else {
            panic!("there are no keys");
        };
        assert_eq!(retry_after, Duration::from_secs(20));
        assert_eq!(seen(&cache.look(Some("a"), BEGIN + MIN_INTERVAL)), "fetch");
    }

    #[test]
    fn keys_are_used_refreshed_and_given_up_by_their_age() {
        let moment = Duration::from_millis(1);
        let cases = [
            (Duration::ZERO, "use", "use"),
            (MIN_INTERVAL - moment, "use", "use"),
            (MIN_INTERVAL, "use", "fetch"),
            (FRESH_FOR - moment, "use", "fetch"),
            (FRESH_FOR, "use and refresh", "fetch"),
            (STALE_FOR - moment, "use and refresh", "fetch"),
            (STALE_FOR, "fetch", "fetch"),
        ];
        for (age, known, unknown) in cases {
            let now = BEGIN + age;
            assert_eq!(seen(&cache().look(Some("a"), now)), known, "{age:?}");
            assert_eq!(seen(&cache().look(Some("b"), now)), unknown, "{age:?}");
        }
    }

    #[test]
    fn a_refresh_that_fails_leaves_the_keys_and_is_not_tried_again_at_once() {
        let mut cache = cache();
        let tried = BEGIN + FRESH_FOR;
        cache.begin(tried);
        assert_eq!(seen(&cache.look(Some("a"), tried)), "use");
        assert_eq!(seen(&cache.look(Some("a"), tried + MIN_INTERVAL)), "use and refresh");
        cache.begin(BEGIN + STALE_FOR);
        assert_eq!(seen(&cache.look(Some("a"), BEGIN + STALE_FOR)), "unavailable");
    }

    #[test]
    fn an_answer_replaces_what_was_there() {
        let mut cache = cache();
        cache.begin(BEGIN + MIN_INTERVAL);
        cache.keep(keys("b"), BEGIN + MIN_INTERVAL);
        let Look::Use(keys) = cache.look(Some("b"), BEGIN + MIN_INTERVAL) else {
            panic!("the key is there");
        };
        assert!(
            keys.knows(Some("b")) && !keys.knows(Some("a")),
            "a key that was taken back is gone"
        );
    }
}
