//! Refresh tokens: `swr_<secret>`. One belongs to a login (a family) and is good for one use, which gives the next; a spent
//! one that comes again revokes the family. That the store decides, in one change; here are its form and its times.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

use super::secret::{Secret, SecretHash};

const PREFIX: &str = "swr_";

/// How long a token waits for its use: who has not come back by then logs in again.
pub const REFRESH_LIFETIME: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How long a login lasts, however often it is refreshed.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A refresh token as its holder has it.
pub struct RefreshToken(Secret);

impl RefreshToken {
    #[must_use]
    pub fn generate() -> Self {
        Self(Secret::generate())
    }

    /// The text that is answered once.
    #[must_use]
    pub fn reveal(&self) -> SecretString {
        self.0.reveal(PREFIX)
    }

    /// What is kept, and what it is found by.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        self.0.hash(&[b"seawall/refresh-token/v1"])
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("swr_…")
    }
}

/// A text that is no refresh token, whoever's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a refresh token")]
pub struct NotARefreshToken;

impl FromStr for RefreshToken {
    type Err = NotARefreshToken;

    fn from_str(text: &str) -> Result<Self, NotARefreshToken> {
        Secret::revealed(text, PREFIX).map(Self).ok_or(NotARefreshToken)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_token_reads_back_and_is_never_printed() {
        let token = RefreshToken::generate();
        let text = token.reveal();
        assert_eq!(text.expose_secret().len(), 47);
        let read: RefreshToken = text.expose_secret().parse().unwrap();
        assert_eq!(read.hash(), token.hash());
        assert_ne!(RefreshToken::generate().hash(), token.hash());
        assert_eq!(format!("{token:?} {text:?}"), "swr_… SecretBox<str>([REDACTED])");
    }

    #[test]
    fn what_is_cut_stretched_or_another_kind_of_secret_is_refused() {
        let text = RefreshToken::generate().reveal().expose_secret().to_owned();
        for end in 0..text.len() {
            assert!(text[..end].parse::<RefreshToken>().is_err());
        }
        for wrong in [
            format!("{text}A"),
            text.replacen("swr_", "sw_", 1),
            text.replacen("swr_", "SWR_", 1),
            "x".repeat(100_000),
        ] {
            assert!(wrong.parse::<RefreshToken>().is_err(), "{wrong}");
        }
    }
}
