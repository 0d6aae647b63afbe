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

/// Parts of names, by themselves or between separators.
const SECRET: [&str; 18] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "apikey",
    "privatekey",
    "accesskey",
    "secretkey",
    "sessionid",
    "signature",
    "otp",
    "cvv",
];

/// Two parts that are a secret together.
const SECRET_PAIRS: [(&str, &str); 7] = [
    ("api", "key"),
    ("private", "key"),
    ("access", "key"),
    ("secret", "key"),
    ("session", "id"),
    ("signing", "key"),
    ("encryption", "key"),
];

/// The class of a field, by its name: `user.password`, `X-Api-Key` and `accessToken` are secrets, `tokens_used` is not.
#[must_use]
pub fn class_of(name: &str) -> NameClass {
    if HARMLESS.contains(&name) {
        return NameClass::Harmless;
    }
    let mut before: Option<&str> = None;
    for part in parts(name) {
        let is = |word: &str| part.eq_ignore_ascii_case(word);
        let paired = |(first, second): &(&str, &str)| {
            is(second) && before.is_some_and(|before| before.eq_ignore_ascii_case(first))
        };
        if SECRET.iter().any(|word| is(word)) || SECRET_PAIRS.iter().any(paired) {
            return NameClass::Secret;
        }
        before = Some(part);
    }
    NameClass::Unknown
}

/// `user.accessToken` is `user`, `access` and `Token`.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_ascii_alphanumeric()).flat_map(humps)
}

fn humps(word: &str) -> impl Iterator<Item = &str> {
    let mut rest = word;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let bytes = rest.as_bytes();
        let end = (1..bytes.len()).find(|at| bytes[*at].is_ascii_uppercase() && bytes[at - 1].is_ascii_lowercase());
        let (hump, next) = rest.split_at(end.unwrap_or(rest.len()));
        rest = next;
        Some(hump)
    })
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
    }
}
