use std::borrow::Cow;

use super::names::speaks_of_a_secret;
use super::shapes;

/// What stands where something was taken out.
const MARK: &str = "[redacted]";

/// The text without what looks like a secret.
///
/// ```
/// use seawall_guard::redaction::redact;
///
/// let text = "GET https://ada:pw@db.example/ failed, authorization: Bearer 0123456789";
/// assert_eq!(
///     redact(text),
///     "GET https://[redacted]@db.example/ failed, authorization: [redacted]"
/// );
/// ```
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut clean: Option<String> = None;
    // Up to where the text is copied, and looked at.
    let (mut copied, mut at) = (0, 0);
    // Behind the last of these signs no address begins.
    let last_at_sign = text.rfind('@');
    while at < text.len() {
        let found = find(text, at, last_at_sign.is_some_and(|sign| at < sign));
        let Some((begin, end)) = found.taken else {
            at = found.next;
            continue;
        };
        let clean = clean.get_or_insert_with(|| String::with_capacity(text.len()));
        clean.push_str(&text[copied..begin]);
        clean.push_str(MARK);
        (copied, at) = (end, end);
    }
    match clean {
        None => Cow::Borrowed(text),
        Some(mut clean) => {
            clean.push_str(&text[copied..]);
            Cow::Owned(clean)
        }
    }
}

struct Found {
    taken: Option<(usize, usize)>,
    /// Where to look next, if nothing is taken.
    next: usize,
}

/// Looks at one word, or at one character between words.
fn find(text: &str, at: usize, may_be_address: bool) -> Found {
    let rest = &text[at..];
    let first = rest.as_bytes()[0];
    let shift = |(begin, end): (usize, usize)| (at + begin, at + end);
    if !is_word(first) {
        let taken = match first {
            b':' => shapes::user_info(rest),
            b'-' => shapes::private_key(rest).map(|end| (0, end)),
            _ => None,
        };
        let next = at + rest.chars().next().map_or(1, char::len_utf8);
        return Found {
            taken: taken.map(shift),
            next,
        };
    }
    let word = shapes::run(rest, shapes::is_token);
    // In the order in which they are likely to be ruled out at a glance: nearly every word is none of these.
    let taken = named(rest, word)
        .or_else(|| shapes::key(&rest[..word]).map(|end| (0, end)))
        .or_else(|| {
            matches!(first, b'b' | b'B')
                .then(|| shapes::credentials(rest))
                .flatten()
        })
        .or_else(|| {
            may_be_address
                .then(|| shapes::email(rest))
                .flatten()
                .map(|end| (0, end))
        })
        .or_else(|| shapes::card(rest).map(|end| (0, end)));
    Found {
        taken: taken.map(shift),
        // What begins a word is one of its letters.
        next: at + word.max(1),
    }
}

/// The value behind a secret's name, which is so many bytes long.
fn named(rest: &str, name: usize) -> Option<(usize, usize)> {
    let (name, behind) = rest.split_at(name);
    let may_have_one = matches!(behind.as_bytes().first()?, b'=' | b':' | b'"' | b'\'' | b'\\' | b' ');
    if !may_have_one || !speaks_of_a_secret(name.as_bytes()) {
        return None;
    }
    let (begin, end) = shapes::value(behind)?;
    let (begin, end) = (name.len() + begin, name.len() + end);
    // `authorization: Bearer abc`: the scheme is the value, and the secret follows it.
    Some(match shapes::after_scheme(&rest[begin..]) {
        Some((_, after)) => (begin, end.max(begin + after)),
        None => (begin, end),
    })
}

/// What may begin a name, a key or an address.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
    const KEY: &str = "sw_01h455vb4pex5vsknk084sn02q_3Zb1Qm8vJt5uXy7k";

    #[test]
    fn secrets_are_taken_out_and_the_rest_stays() {
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
        for (text, clean) in [
            (format!("key {KEY}, next"), "key [redacted], next"),
            (format!("{JWT} and {JWT}"), "[redacted] and [redacted]"),
            ("use sk-proj-0123456789abcdef!".into(), "use [redacted]!"),
            (
                format!("{} {}", KEY.replacen("sw_", "swt_", 1), KEY.replacen("sw_", "swr_", 1)),
                "[redacted] [redacted]",
            ),
            ("AKIAIOSFODNN7EXAMPLE".into(), "[redacted]"),
            ("Bearer abcdefgh12345".into(), "Bearer [redacted]"),
            ("BASIC dXNlcjpwYXNz+/==".into(), "BASIC [redacted]"),
            (
                "postgres://ada:p@ss@db:5432/x".into(),
                "postgres://[redacted]@db:5432/x",
            ),
            ("password=hunter2&user=ada".into(), "password=[redacted]&user=ada"),
            (
                "{\"api_key\": \"a \\\" b\", \"n\": 1}".into(),
                "{\"api_key\": \"[redacted]\", \"n\": 1}",
            ),
            (
                "{\\\"token\\\":\\\"abc\\\",\\\"n\\\":1}".into(),
                "{\\\"token\\\":\\\"[redacted]\\\",\\\"n\\\":1}",
            ),
            (
                "Authorization: Bearer x.y.z; rest".into(),
                "Authorization: [redacted]; rest",
            ),
            ("X-Api-Key: 12345, ok".into(), "X-Api-Key: [redacted], ok"),
            (format!("pem: {pem}."), "pem: [redacted]."),
            (
                "Config { password: Some(\"hunter2)\"), user: \"ada\" }".into(),
                "Config { password: [redacted], user: \"ada\" }",
            ),
            (
                "{\"token\": [\"a b\", {\"c\": \"]\"}], \"n\": 1}".into(),
                "{\"token\": [redacted], \"n\": 1}",
            ),
            ("secret=(a, b".into(), "secret=[redacted]"),
            (
                "Err(\"password: Some(\\\"a)\\\"), n: 1\")".into(),
                "Err(\"password: [redacted], n: 1\")",
            ),
            ("password=[redacted], user".into(), "password=[redacted], user"),
            ("mail ada.l+x@example.co.uk.".into(), "mail [redacted]."),
            ("card 4111 1111 1111 1111 ok".into(), "card [redacted] ok"),
            ("5500-0000-0000-0004".into(), "[redacted]"),
        ] {
            assert_eq!(redact(&text), clean);
        }
    }

    #[test]
    fn what_only_looks_a_little_like_it_stays() {
        for text in [
            "",
            "a plain line, with: a colon; and (brackets)",
            "01a1fac4-4592-7749-b945-336f415a39ec",
            "run_01m7xej3zjecpaa787ar5ptcgj succeeded in 886 ms",
            "tokens: 12",
            "4111 1111 1111 1112",
            "1795272992223 1795272992223000",
            "basic training",
            "bearer of news",
            "a@b",
            "user@localhost",
            "http://host/@me",
            "sk-short",
            "eyJ",
            "secretary: Ada",
            "straße 日本語 ¥100",
        ] {
            assert!(
                matches!(redact(text), Cow::Borrowed(same) if same == text),
                "{}",
                redact(text)
            );
        }
    }

    /// What may stand before and behind a secret.
    fn around() -> impl Strategy<Value = String> {
        "[ -~é\n]{0,20}[ ,;(\n\"]"
    }

    proptest! {
        #[test]
        fn a_planted_secret_never_stays(before in around(), after in around(), which in 0..5usize) {
            let secret = [KEY, JWT, "ghp_0123456789abcdefghij0123", "ada.lovelace@example.com", "4111111111111111"][which];
            let text = format!("{before}{secret} {after}");
            prop_assert!(!redact(&text).contains(secret), "{}", redact(&text));
        }

        #[test]
        fn a_value_of_a_secret_name_never_stays(before in around(), quoted in any::<bool>(), space in 0..3usize) {
            let gap = " ".repeat(space);
            let text = if quoted {
                format!("{before}\"client_secret\":{gap}\"Xq7Zp\"}}")
            } else {
                format!("{before}client_secret={gap}Xq7Zp next")
            };
            prop_assert!(!redact(&text).contains("Xq7Zp"), "{}", redact(&text));
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC*") {
            let once = redact(&text).into_owned();
            prop_assert_eq!(redact(&once), once.as_str(), "what was cleaned is clean");
        }
    }
}
