//! Values that look like secrets. A definition is stored, listed and logged: a secret in it is no secret.

use serde_json::Value;

use crate::definition::place::Place;
use crate::definition::report::Report;

/// Warns about each string that looks like a secret.
pub(super) fn look_for_secrets(value: &Value, place: &Place<'_>, report: &mut Report) {
    match value {
        Value::String(text) => {
            if let Some(what) = suspicion(text, key_of(place)) {
                report.warn(
                    place,
                    "looks-like-secret",
                    format!("this looks like {what}; definitions are stored and shown, so write `{{{{ secrets.NAME }}}}` instead"),
                );
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                look_for_secrets(item, &place.item(at), report);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                look_for_secrets(field, &place.field(name), report);
            }
        }
        _ => {}
    }
}

/// The nearest key above.
const fn key_of<'a>(place: &Place<'a>) -> &'a str {
    match place {
        Place::Root => "",
        Place::Field(_, name) => name,
        Place::Item(parent, _) => match parent {
            Place::Field(_, name) => name,
            _ => "",
        },
    }
}

/// Prefix, the least number of token characters behind it, and what it is.
const PREFIXES: [(&str, usize, &str); 11] = [
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("sk-", 20, "an API key"),
    ("ghp_", 30, "a GitHub token"),
    ("gho_", 30, "a GitHub token"),
    ("ghs_", 30, "a GitHub token"),
    ("github_pat_", 30, "a GitHub token"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("AIza", 30, "a Google API key"),
    ("Bearer ", 16, "a bearer token"),
];

const TELLING_KEYS: [&str; 9] = [
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "authorization",
    "private_key",
];

fn suspicion(text: &str, key: &str) -> Option<&'static str> {
    if text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    for (prefix, least, what) in PREFIXES {
        for (at, _) in text.match_indices(prefix) {
            let begins = text[..at]
                .chars()
                .next_back()
                .is_none_or(|c| !c.is_ascii_alphanumeric());
            let token = text[at + prefix.len()..].bytes();
            let length = token
                .take_while(|b| b.is_ascii_alphanumeric() || b"-_./+=".contains(b))
                .count();
            if begins && length >= least {
                return Some(what);
            }
        }
    }
    let key = key.to_ascii_lowercase();
    let telling = TELLING_KEYS.iter().any(|telling| key.contains(telling));
    (telling && is_random(text)).then_some("a secret")
}

/// Long, without blanks and templates, and with the entropy of something made by a machine.
fn is_random(text: &str) -> bool {
    if text.len() < 16 || text.contains("{{") || text.bytes().any(|b| b.is_ascii_whitespace()) {
        return false;
    }
    let mut counts = [0u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let length = text.len() as f64;
    let entropy: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / length;
            -share * share.log2()
        })
        .sum();
    entropy >= 3.3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_told_from_what_does_not() {
        for (key, text) in [
            ("argv", "AKIAIOSFODNN7EXAMPLE"),
            ("x", "sk-proj-abcdefghijklmnopqrstuvwx"),
            ("authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc"),
            ("pem", "-----BEGIN RSA PRIVATE KEY-----\nMII"),
            ("db_password", "x8Kq2mVz91LpRt4w"),
        ] {
            assert!(suspicion(text, key).is_some(), "{key}: {text}");
        }
        for (key, text) in [
            ("authorization", "Bearer {{ secrets.API_KEY }}"),
            ("password", "changeme"),
            ("token", "aaaaaaaaaaaaaaaaaaaaaaaa"),
            ("description", "x8Kq2mVz91LpRt4w"),
            ("argv", "task-runner-with-a-long-name"),
            ("message", "the secret of a good report is brevity"),
        ] {
            assert_eq!(suspicion(text, key), None, "{key}: {text}");
        }
    }
}
