//! Texts with bounds, parsed once.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Why a text was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what} is {expected}")]
pub struct TextError {
    what: &'static str,
    expected: &'static str,
}

impl TextError {
    pub(super) const fn new(what: &'static str, expected: &'static str) -> Self {
        Self { what, expected }
    }
}

macro_rules! bounded_text {
    ($(#[$doc:meta])* $name:ident, $max:literal, $what:literal is $expected:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// In bytes.
            pub const MAX_LEN: usize = $max;

            /// # Errors
            /// When `text` is empty, longer than [`Self::MAX_LEN`] bytes, or has characters that do not belong there.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                let fits: fn(&str) -> bool = $fits;
                if text.is_empty() || text.len() > Self::MAX_LEN || !fits(text) {
                    return Err(TextError::new($what, $expected));
                }
                Ok(Self(Arc::from(text)))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

fn is_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

fn is_visible_ascii(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

bounded_text!(
    /// What people call a key.
    KeyName,
    100,
    "a key's name" is "1 to 100 bytes on one line",
    is_line
);
bounded_text!(
    /// What a principal may do, such as `runs:write`. Which there are is not the store's business.
    Scope,
    64,
    "a scope" is "1 to 64 characters of [a-z0-9:._-]",
    |text| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b':' | b'.' | b'_' | b'-'))
);
bounded_text!(
    /// Who did it: the id of a key or a user, or what an identity provider calls somebody.
    PrincipalName,
    200,
    "a principal" is "1 to 200 bytes on one line",
    is_line
);
bounded_text!(
    /// What was done, such as `key.revoked`.
    AuditAction,
    64,
    "an action" is "1 to 64 characters of [a-z0-9._-]",
    |text| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-'))
);
bounded_text!(
    /// To what it was done: an id or a name.
    AuditObject,
    200,
    "an object" is "1 to 200 bytes on one line",
    is_line
);
bounded_text!(
    /// The id of the request in which it was done.
    RequestId,
    128,
    "a request id" is "1 to 128 visible ASCII characters",
    is_visible_ascii
);

/// An e-mail address in the one form under which it is kept and looked for: trimmed, in lower case. Only ASCII, so that no
/// two forms of one address are two users; international domains are written in their ASCII form. Whether anybody reads
/// mail there is not looked at.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(Arc<str>);

impl Email {
    /// In bytes, as SMTP has it.
    pub const MAX_LEN: usize = 254;

    /// # Errors
    /// When `text` is no `name@domain` of visible ASCII, or too long.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        let fits = |(name, domain): (&str, &str)| {
            !name.is_empty() && name.len() <= 64 && !domain.is_empty() && !name.contains('@')
        };
        if text.len() > Self::MAX_LEN || !is_visible_ascii(text) || !text.rsplit_once('@').is_some_and(fits) {
            return Err(TextError::new(
                "an e-mail address",
                "name@domain, of visible ASCII and at most 254 characters",
            ));
        }
        Ok(Self(Arc::from(text.to_ascii_lowercase())))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::parse(text)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What a key may do: sorted, none twice.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Scopes(Arc<[Scope]>);

/// Why a set of scopes was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScopesError {
    #[error("there are more than {} scopes", Scopes::MAX)]
    TooMany,
    #[error(transparent)]
    Scope(#[from] TextError),
}

impl Scopes {
    /// Scopes of one key.
    pub const MAX: usize = 32;

    /// # Errors
    /// When there are more than [`Self::MAX`] different ones.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, ScopesError> {
        let mut set = BTreeSet::new();
        for scope in scopes {
            set.insert(scope);
            if set.len() > Self::MAX {
                return Err(ScopesError::TooMany);
            }
        }
        Ok(Self(set.into_iter().collect()))
    }

    /// Reads what [`Scopes::join`] wrote.
    ///
    /// # Errors
    /// When one of them is no scope, or there are too many.
    pub fn parse(text: &str) -> Result<Self, ScopesError> {
        let scopes: Result<Vec<Scope>, TextError> = text.split_ascii_whitespace().map(Scope::parse).collect();
        Self::new(scopes?)
    }

    /// As OAuth 2 writes them: with blanks between them.
    #[must_use]
    pub fn join(&self) -> String {
        let texts: Vec<&str> = self.0.iter().map(Scope::as_str).collect();
        texts.join(" ")
    }

    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|own| own.as_str() == scope)
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.join())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form() {
        let forms = ["ann@example.com", " Ann@Example.COM\n", "ANN@EXAMPLE.COM"];
        for form in forms {
            assert_eq!(
                Email::parse(form).map(|email| email.as_str().to_owned()),
                Ok(forms[0].to_owned())
            );
        }
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}", "a".repeat(253));
        for other in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "a@b@c",
            "ann smith@example.com",
            "änn@example.com",
            &long,
            &longer,
        ] {
            assert!(Email::parse(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_text_is_as_long_as_it_may_be_and_stands_on_one_line() {
        assert!(KeyName::parse(&"x".repeat(KeyName::MAX_LEN)).is_ok());
        assert!(KeyName::parse(&"x".repeat(KeyName::MAX_LEN + 1)).is_err());
        assert!(KeyName::parse("").is_err());
        assert!(KeyName::parse("ci\nadmin").is_err());
        assert!(RequestId::parse("a b").is_err());
        let refused = Scope::parse("Runs:Write").expect_err("capitals");
        assert_eq!(refused.to_string(), "a scope is 1 to 64 characters of [a-z0-9:._-]");
    }

    #[test]
    fn scopes_are_a_bounded_set() {
        let read = Scopes::parse("runs:write runs:read runs:write").expect("scopes");
        assert_eq!(read.join(), "runs:read runs:write");
        assert_eq!(Scopes::parse(&read.join()), Ok(read.clone()));
        assert!(read.contains("runs:read") && !read.contains("runs"));
        assert_eq!(Scopes::parse(""), Ok(Scopes::default()));
        let numbered = |count: usize| Scopes::parse(&(0..count).map(|n| format!("s{n} ")).collect::<String>());
        assert!(numbered(Scopes::MAX).is_ok());
        assert_eq!(numbered(Scopes::MAX + 1), Err(ScopesError::TooMany));
        assert_eq!(numbered(Scopes::MAX * 9), Err(ScopesError::TooMany));
    }
}
