use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash;
use seawall_guard::problem::{Problem, kinds};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::work::Hashing;
use super::{BadWork, HashWork, Password, PasswordHash};

/// How many hashes are worked on at once, and how many wait behind them. The first bounds memory (each takes
/// [`HashWork::memory_kib`]), the second time and the rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HashLimits {
    pub parallel: usize,
    pub waiting: usize,
}

impl Default for HashLimits {
    /// Two and 62: 38 MiB, and at 20 ms each the last one waits about 0.6 s.
    fn default() -> Self {
        Self {
            parallel: 2,
            waiting: 62,
        }
    }
}

/// What is known of a password that was tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checked {
    Wrong,
    Right {
        /// Its hash was made with other work than is done now: hash it again, now that the password is at hand.
        rehash: bool,
    },
}

/// Why there is no answer about a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HashError {
    #[error("too many passwords are being checked")]
    Overloaded,
    #[error("the password could not be hashed")]
    Failed,
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Overloaded => Self::new(&kinds::OVERLOADED)
                .with_extension("dependency", "passwords")
                .with_retry_after(Duration::from_secs(1)),
            HashError::Failed => Self::new(&kinds::INTERNAL_ERROR),
        }
    }
}

/// Hashes and checks passwords off the async threads. Cheap to clone; clones share the bounds.
#[derive(Clone)]
pub struct PasswordHasher {
    hashing: Arc<Hashing>,
    /// Everybody inside, at work or waiting.
    places: Arc<Semaphore>,
    /// Who is at work.
    permits: Arc<Semaphore>,
}

impl PasswordHasher {
    /// # Errors
    /// When the work is out of argon2's bounds or ours.
    pub fn new(work: HashWork, limits: HashLimits) -> Result<Self, BadWork> {
        let parallel = limits.parallel.clamp(1, 1_024);
        Ok(Self {
            hashing: Arc::new(Hashing::new(work)?),
            places: Arc::new(Semaphore::new(parallel + limits.waiting.min(65_536))),
            permits: Arc::new(Semaphore::new(parallel)),
        })
    }

    /// # Errors
    /// [`HashError::Overloaded`] at once when all places are taken.
    pub async fn hash(&self, password: Password) -> Result<PasswordHash, HashError> {
        self.work(move |hashing| hashing.hash(&password)).await
    }

    /// Holds a password against the user's hash. `stored` is None where there is no such user: that takes as long.
    ///
    /// # Errors
    /// [`HashError::Overloaded`] at once when all places are taken.
    pub async fn check(&self, password: Password, stored: Option<PasswordHash>) -> Result<Checked, HashError> {
        self.work(move |hashing| {
            let right = hashing.matches(&password, stored.as_ref())?;
            let rehash = || stored.is_some_and(|stored| hashing.is_outdated(&stored));
            Ok(if right {
                Checked::Right { rehash: rehash() }
            } else {
                Checked::Wrong
            })
        })
        .await
    }

    async fn work<T, F>(&self, work: F) -> Result<T, HashError>
    where
        T: Send + 'static,
        F: FnOnce(&Hashing) -> Result<T, password_hash::Error> + Send + 'static,
    {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| HashError::Overloaded)?;
        // The semaphores live as long as `self` and are never closed.
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| HashError::Failed)?;
        let held = Held { place, permit };
        let hashing = Arc::clone(&self.hashing);
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&hashing);
            // Held to the end of the work: a caller who went away does not make room for the next before the memory is free.
            drop(held);
            done
        });
        match done.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                tracing::error!(error = %error, "a password could not be hashed");
                Err(HashError::Failed)
            }
            Err(error) => {
                tracing::error!(error = %error, "hashing a password did not end");
                Err(HashError::Failed)
            }
        }
    }

    #[cfg(test)]
    fn occupy(&self, parallel: u32) -> OwnedSemaphorePermit {
        Arc::clone(&self.permits).try_acquire_many_owned(parallel).unwrap()
    }
}

impl std::fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordHasher")
            .field("places", &self.places.available_permits())
            .finish_non_exhaustive()
    }
}

/// Released together.
struct Held {
    #[expect(dead_code, reason = "held, not read")]
    place: OwnedSemaphorePermit,
    #[expect(dead_code, reason = "held, not read")]
    permit: OwnedSemaphorePermit,
}

#[cfg(test)]
mod tests {
    use futures_util::future::{join_all, poll_immediate};
    use secrecy::SecretString;

    use super::*;

    const CHEAP: HashWork = HashWork {
        memory_kib: 16,
        passes: 1,
        lanes: 1,
    };
    const LIMITS: HashLimits = HashLimits {
        parallel: 2,
        waiting: 3,
    };

    fn hasher() -> PasswordHasher {
        PasswordHasher::new(CHEAP, LIMITS).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::attempt(SecretString::from(text)).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_right_wrong_or_nobodys() {
        let hasher = hasher();
        let hash = hasher.hash(password("correct horse")).await.unwrap();
        let check = |text: &str, stored: Option<&PasswordHash>| hasher.check(password(text), stored.cloned());
        assert_eq!(
            check("correct horse", Some(&hash)).await,
            Ok(Checked::Right { rehash: false })
        );
        assert_eq!(check("wrong horse", Some(&hash)).await, Ok(Checked::Wrong));
        assert_eq!(check("correct horse", None).await, Ok(Checked::Wrong));
        let more = HashWork { passes: 2, ..CHEAP };
        let later = PasswordHasher::new(more, LIMITS).unwrap();
        let checked = later.check(password("correct horse"), Some(hash)).await;
        assert_eq!(checked, Ok(Checked::Right { rehash: true }));
    }

    #[tokio::test]
    async fn those_beyond_the_places_are_refused_at_once_and_the_others_are_answered() {
        let hasher = hasher();
        let busy = hasher.occupy(2);
        let mut inside: Vec<_> = (0..5).map(|_| Box::pin(hasher.check(password("x"), None))).collect();
        for waiting in &mut inside {
            assert_eq!(poll_immediate(waiting.as_mut()).await, None);
        }
        let refused = hasher.check(password("x"), None).await;
        assert_eq!(refused, Err(HashError::Overloaded));
        assert_eq!(Problem::from(HashError::Overloaded).kind(), &kinds::OVERLOADED);

        // One who goes away makes room.
        drop(inside.pop());
        let mut next = Box::pin(hasher.check(password("x"), None));
        assert_eq!(poll_immediate(next.as_mut()).await, None);
        inside.push(next);
        drop(busy);
        assert_eq!(join_all(inside).await, vec![Ok(Checked::Wrong); 5]);
        assert_eq!(hasher.places.available_permits(), 5);
    }
}
