//! Requests that name a key under which they happen once, and the answers kept for their repetitions.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::ids::Digest;

/// Who carries a request out: new for every attempt, so that one which comes back late does not end another's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ClaimId(pub Uuid);

/// A request that is about to be carried out.
#[derive(Clone, Copy, Debug)]
pub struct RequestClaim {
    /// Of principal, method, route and the key itself: see [`Digest::of_parts`].
    pub key: Digest,
    /// Of what else makes the request: another one under the same key is a mistake.
    pub fingerprint: Digest,
    pub claim: ClaimId,
    /// After that long without an end it is believed dead, and the request may be repeated. Longer than any request takes.
    pub lease: Duration,
    /// How long the key counts, from now on.
    pub ttl: Duration,
}

/// What is known of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RequestState {
    /// Carry it out, then finish or release it.
    Started,
    /// Somebody else carries it out.
    InUse,
    Replay(StoredAnswer),
    /// It was done, and its answer was not kept.
    ReplayForbidden,
    /// The key stands for another request.
    Differs,
}

/// An answer as it is to be repeated.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    status: u16,
    headers: Arc<[(Arc<str>, Arc<str>)]>,
    body: Arc<[u8]>,
}

/// Why an answer is not kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the answer is too large to be kept")]
pub struct AnswerTooLarge;

impl StoredAnswer {
    pub const MAX_BODY_BYTES: usize = 1 << 20;
    pub const MAX_HEADERS: usize = 16;
    /// Names and values together.
    pub const MAX_HEADER_BYTES: usize = 4096;

    /// # Errors
    /// When one of the bounds is exceeded. Such an answer is finished as [`Finish::Withheld`].
    pub fn new(
        status: u16,
        headers: impl IntoIterator<Item = (Arc<str>, Arc<str>)>,
        body: impl Into<Arc<[u8]>>,
    ) -> Result<Self, AnswerTooLarge> {
        let headers: Arc<[_]> = headers.into_iter().take(Self::MAX_HEADERS + 1).collect();
        let body = body.into();
        let header_bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        if headers.len() > Self::MAX_HEADERS
            || header_bytes > Self::MAX_HEADER_BYTES
            || body.len() > Self::MAX_BODY_BYTES
        {
            return Err(AnswerTooLarge);
        }
        Ok(Self { status, headers, body })
    }

    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (&**name, &**value))
    }

    #[must_use]
    pub const fn body(&self) -> &Arc<[u8]> {
        &self.body
    }
}

impl fmt::Debug for StoredAnswer {
    /// Without the body, which is the client's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAnswer")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// How a request ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Finish {
    Answer(StoredAnswer),
    /// The answer holds a secret, or is too large: a repetition is told that it is one, and no more.
    Withheld,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_large_as_it_may_be() {
        let header = |bytes: usize| (Arc::from("x"), Arc::from("y".repeat(bytes)));
        let answer = |headers: usize, header_bytes: usize, body: usize| {
            StoredAnswer::new(201, vec![header(header_bytes); headers], vec![0; body]).map(|answer| answer.status())
        };
        assert_eq!(answer(16, 255, StoredAnswer::MAX_BODY_BYTES), Ok(201));
        assert_eq!(answer(17, 1, 0), Err(AnswerTooLarge));
        assert_eq!(answer(16, 256, 0), Err(AnswerTooLarge));
        assert_eq!(answer(0, 0, StoredAnswer::MAX_BODY_BYTES + 1), Err(AnswerTooLarge));
    }

    #[test]
    fn a_body_does_not_show_itself() {
        let answer = StoredAnswer::new(200, [], &b"planted"[..]).expect("it is small");
        let text = format!("{answer:?}");
        assert!(text.contains("body_bytes: 7") && !text.contains("planted"), "{text}");
    }
}
