use std::fmt;
use std::str::FromStr;

/// The longest address (RFC 5321: a path of 256 with its brackets), and the longest part before the `@`.
pub const MAX_EMAIL_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;
const MAX_LABEL_BYTES: usize = 63;

/// An e-mail address by which a person logs in. Lower case throughout, so that one person cannot be two: whose mail server
/// tells `Ada@` from `ada@` is not known.
///
/// Dot-atoms of ASCII only. What RFC 5321 allows beyond (quoted local parts, comments, addresses instead of domains) is
/// refused, and international domains stand in their ASCII form (`xn--…`): two texts that look alike are not two accounts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address is personal data: it is shown where it is asked for, never by accident.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// Why a text is no address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EmailError {
    #[error("an e-mail address has at most {MAX_EMAIL_BYTES} characters")]
    TooLong,
    #[error("an e-mail address has the form name@example.org")]
    Form,
    #[error("the part before the @ is made of letters, digits, single dots and !#$%&'*+/=?^_`{{|}}~-")]
    Local,
    #[error("the part after the @ is a domain such as example.org, in ASCII (xn--…)")]
    Domain,
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        if text.len() > MAX_EMAIL_BYTES {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Form)?;
        if !is_local(local) {
            return Err(EmailError::Local);
        }
        if !is_domain(domain) {
            return Err(EmailError::Domain);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

fn is_local(text: &str) -> bool {
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(is_atom);
    text.len() <= MAX_LOCAL_BYTES && text.split('.').all(is_word)
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label.bytes().all(inside)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A last label of digits alone is an address of a machine, not a domain.
    let top = text.rsplit('.').next().unwrap_or_default();
    text.contains('.') && text.split('.').all(is_label) && !top.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_whatever_its_case() {
        let longest = format!(
            "{}@{}.{}.{}.org",
            "a".repeat(64),
            "b".repeat(63),
            "c".repeat(63),
            "d".repeat(57)
        );
        assert_eq!(longest.len(), MAX_EMAIL_BYTES);
        let cases = [
            ("Ada.Lovelace@Example.ORG", "ada.lovelace@example.org"),
            ("o'brien+seawall@mail.example.org", "o'brien+seawall@mail.example.org"),
            ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
            (longest.as_str(), longest.as_str()),
        ];
        for (text, normal) in cases {
            assert_eq!(text.parse::<Email>().unwrap().as_str(), normal);
        }
        assert_eq!(format!("{:?}", "a@b.org".parse::<Email>()), "Ok(Email(…))");
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_reason() {
        let cases = [
            (format!("a@{}.org", "b".repeat(260)), EmailError::TooLong),
            (String::new(), EmailError::Form),
            ("ada".to_owned(), EmailError::Form),
            ("@example.org".to_owned(), EmailError::Local),
            ("a..b@example.org".to_owned(), EmailError::Local),
            (".a@example.org".to_owned(), EmailError::Local),
            ("a b@example.org".to_owned(), EmailError::Local),
            ("a@b@example.org".to_owned(), EmailError::Local),
            ("\"a\"@example.org".to_owned(), EmailError::Local),
            ("ада@example.org".to_owned(), EmailError::Local),
            (format!("{}@example.org", "a".repeat(65)), EmailError::Local),
            ("a\r\nBcc: b@example.org".to_owned(), EmailError::Local),
            ("ada@".to_owned(), EmailError::Domain),
            ("ada@localhost".to_owned(), EmailError::Domain),
            ("ada@example..org".to_owned(), EmailError::Domain),
            ("ada@-example.org".to_owned(), EmailError::Domain),
            ("ada@example.org.".to_owned(), EmailError::Domain),
            ("ada@[127.0.0.1]".to_owned(), EmailError::Domain),
            ("ada@127.0.0.1".to_owned(), EmailError::Domain),
            ("ada@bücher.example".to_owned(), EmailError::Domain),
            ("ada@example.org\0".to_owned(), EmailError::Domain),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Email>().err(), Some(error), "{text:?}");
        }
    }
}
