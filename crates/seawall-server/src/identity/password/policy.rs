use std::fmt;
use std::ops::RangeInclusive;

use secrecy::{ExposeSecret as _, SecretString};

/// How long a password is, in characters (Unicode scalar values). The longest is four times as many bytes at most, which
/// costs nothing beside the hash.
pub const PASSWORD_CHARACTERS: RangeInclusive<usize> = 12..=128;

/// A password as somebody gave it. Every character counts, blanks included; nothing is trimmed or normalised, and no kind of
/// character is asked for (NIST SP 800-63B, 3.1.1.2: rules of composition make passwords worse).
pub struct Password(SecretString);

/// Why a text is no password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("a password has at least {} characters", PASSWORD_CHARACTERS.start())]
    TooShort,
    #[error("a password has at most {} characters", PASSWORD_CHARACTERS.end())]
    TooLong,
}

impl Password {
    /// One to be set.
    ///
    /// # Errors
    /// When it is shorter or longer than [`PASSWORD_CHARACTERS`].
    pub fn new(text: SecretString) -> Result<Self, PasswordError> {
        let password = Self::attempt(text)?;
        if count(&password.0) < *PASSWORD_CHARACTERS.start() {
            return Err(PasswordError::TooShort);
        }
        Ok(password)
    }

    /// One to log in with. A short one is wrong, like any other: how long the right one is, is nobody's business.
    ///
    /// # Errors
    /// When it is longer than any password.
    pub fn attempt(text: SecretString) -> Result<Self, PasswordError> {
        if count(&text) > *PASSWORD_CHARACTERS.end() {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(text))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Characters, counted no further than one past the most there may be.
fn count(text: &SecretString) -> usize {
    let most = *PASSWORD_CHARACTERS.end() + 1;
    text.expose_secret().chars().take(most).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_bounded_in_characters_and_in_nothing_else() {
        let cases = [
            ("x".repeat(11), Some(PasswordError::TooShort)),
            ("x".repeat(12), None),
            ("ä".repeat(12), None),
            ("🜁".repeat(128), None),
            (" ".repeat(128), None),
            ("x".repeat(129), Some(PasswordError::TooLong)),
            ("x".repeat(1_000_000), Some(PasswordError::TooLong)),
        ];
        for (text, error) in cases {
            assert_eq!(Password::new(SecretString::from(text)).err(), error);
        }
    }

    #[test]
    fn a_short_one_may_be_tried_and_none_is_printed() {
        let tried = Password::attempt(SecretString::from("short")).unwrap();
        assert_eq!(format!("{tried:?}"), "Password(…)");
        let long = SecretString::from("x".repeat(129));
        assert_eq!(Password::attempt(long).err(), Some(PasswordError::TooLong));
    }
}
