/// What a field's name says of its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NameClass {
    /// It is written as it is.
    Harmless,
    /// It is not written.
    Secret,
    /// Its value is looked at.
    Unknown,
}

/// Names that hold nothing but what the service itself made or counted. Looked at first: they must not look like a secret by
/// accident, and most fields of most lines are among them. Methods and ids of requests are not: clients make them up.
const HARMLESS: [&str; 14] = [
    "trace.id",
    "span.id",
    "run.id",
    "task.id",
    "workflow.name",
    "principal.id",
    "problem.code",
    "http.route",
    "http.status",
    "http.request_bytes",
    "http.response_bytes",
    "duration_ms",
    "slow",
    "limit.key_hash",
];

/// Names of nearly all lines whose values clients or programs make up. That they speak of no secret need not be found out each time.
const UNKNOWN: [&str; 4] = ["message", "request.id", "http.method", "error"];

/// The longest word below.
const LONGEST: usize = 13;

/// Whether a part of a name, in small letters, speaks of a secret by itself.
const fn is_secret(part: &[u8]) -> bool {
    matches!(
        part,
        b"password"
            | b"passwd"
            | b"pgpassword"
            | b"pass"
            | b"pwd"
            | b"passphrase"
            | b"secret"
            | b"token"
            | b"ticket"
            | b"authorization"
            | b"cookie"
            | b"credential"
            | b"credentials"
            | b"apikey"
            | b"privatekey"
            | b"accesskey"
            | b"secretkey"
            | b"sessionid"
            | b"signature"
            | b"otp"
            | b"cvv"
    )
}

/// Whether two parts, one behind the other, are a secret together.
const fn are_secret(first: &[u8], second: &[u8]) -> bool {
    matches!(
        (first, second),
        (b"api" | b"private" | b"access" | b"signing" | b"encryption", b"key") | (b"session", b"id")
    )
}

/// The class of a field, by its name: `user.password`, `X-Api-Key` and `accessToken` are secrets, `tokens_used` is not.
#[must_use]
pub fn class_of(name: &str) -> NameClass {
    if HARMLESS.contains(&name) {
        NameClass::Harmless
    } else if UNKNOWN.contains(&name) {
        NameClass::Unknown
    } else if speaks_of_a_secret(name.as_bytes()) {
        NameClass::Secret
    } else {
        NameClass::Unknown
    }
}

/// One pass, because every line has names that are not known: `user.accessToken` is `user`, `access` and `token`.
pub(super) fn speaks_of_a_secret(name: &[u8]) -> bool {
    let (mut before, mut part) = (Part::new(), Part::new());
    let mut was_small = false;
    for byte in name {
        // A letter beyond ASCII parts words too.
        let ends = !byte.is_ascii_alphanumeric();
        if ends || (was_small && byte.is_ascii_uppercase()) {
            if part.is_secret_behind(&before) {
                return true;
            }
            if part.length > 0 {
                before = part;
                part = Part::new();
            }
        }
        if !ends {
            part.push(*byte);
        }
        was_small = byte.is_ascii_lowercase();
    }
    part.is_secret_behind(&before)
}

/// A part of a name in small letters, as far as it may be a word of secrets.
#[derive(Clone, Copy)]
struct Part {
    letters: [u8; LONGEST],
    /// More than [`LONGEST`]: it is none.
    length: usize,
}

impl Part {
    const fn new() -> Self {
        Self {
            letters: [0; LONGEST],
            length: 0,
        }
    }

    fn push(&mut self, byte: u8) {
        if let Some(letter) = self.letters.get_mut(self.length) {
            *letter = byte.to_ascii_lowercase();
        }
        self.length += 1;
    }

    fn word(&self) -> &[u8] {
        self.letters.get(..self.length).unwrap_or_default()
    }

    fn is_secret_behind(&self, before: &Self) -> bool {
        is_secret(self.word()) || are_secret(before.word(), self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_every_spelling() {
        for name in [
            "password",
            "user.password",
            "PASSWORD",
            "X-Api-Key",
            "api_key",
            "apikey",
            "OPENAI_API_KEY",
            "accessToken",
            "refresh-token",
            "Authorization",
            "set-cookie",
            "clientSecret",
            "SECRET_KEY",
            "session_id",
            "DB_PASS",
            "PGPASSWORD",
            "run_ticket",
            "http.header.authorization",
        ] {
            assert_eq!(class_of(name), NameClass::Secret, "{name}");
        }
    }

    #[test]
    fn other_names_are_not() {
        for name in [
            "",
            "key",
            "keyboard",
            "tokens_used",
            "tokenizer",
            "secretary",
            "author",
            "session",
            "url",
            "a.b",
        ] {
            assert_eq!(class_of(name), NameClass::Unknown, "{name}");
        }
        for name in HARMLESS {
            assert_eq!(class_of(name), NameClass::Harmless, "{name}");
        }
        for name in UNKNOWN {
            assert!(!speaks_of_a_secret(name.as_bytes()), "{name}");
        }
    }
}
