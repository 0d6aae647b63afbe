use http::HeaderMap;
use http::header;
use serde_json::Value;

use crate::redaction::{NameClass, class_of, redact};

const MARK: &str = "[redacted]";

/// What kind of body can be masked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Json,
    Text,
}

impl Kind {
    /// By the headers of a message; nothing for what cannot be read as it is, or never ends.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let whole = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let essence = whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if headers.contains_key(header::CONTENT_ENCODING) || essence == "text/event-stream" {
            return None;
        }
        if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
            return Some(Self::Json);
        }
        essence.starts_with("text/").then_some(Self::Text)
    }

    /// The body without secrets, if it is what it says it is.
    pub(super) fn mask(self, body: &[u8]) -> Option<String> {
        match self {
            Self::Text => Some(redact(std::str::from_utf8(body).ok()?).into_owned()),
            Self::Json => {
                let mut value = serde_json::from_slice(body).ok()?;
                mask(&mut value);
                Some(value.to_string())
            }
        }
    }
}

/// The parser has bounded the depth already.
fn mask(value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => {
            if let std::borrow::Cow::Owned(clean) = redact(&number.to_string()) {
                *value = Value::String(clean);
            }
        }
        Value::String(text) => *text = redact(text).into_owned(),
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                match class_of(name) {
                    NameClass::Secret => *member = Value::String(MARK.to_owned()),
                    NameClass::Harmless | NameClass::Unknown => mask(member),
                }
            }
            // A name may be a secret itself: a map by e-mail address.
            if members
                .keys()
                .any(|name| matches!(redact(name), std::borrow::Cow::Owned(_)))
            {
                let all = std::mem::take(members).into_iter();
                *members = all.map(|(name, member)| (redact(&name).into_owned(), member)).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_what_can_be_read_has_a_kind() {
        for (content_type, encoding, kind) in [
            ("application/json", None, Some(Kind::Json)),
            ("Application/Problem+JSON; charset=utf-8", None, Some(Kind::Json)),
            ("text/plain", None, Some(Kind::Text)),
            ("text/plain", Some("gzip"), None),
            ("text/event-stream", None, None),
            ("application/octet-stream", None, None),
            ("application/x-www-form-urlencoded", None, None),
            ("multipart/form-data; boundary=json", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            if let Some(encoding) = encoding {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
            assert_eq!(Kind::of(&headers), kind, "{content_type}");
        }
        assert_eq!(Kind::of(&HeaderMap::new()), None);
    }

    #[test]
    fn json_is_masked_by_names_at_every_depth_and_by_shapes() {
        let body = br#"{"user":"ada","password":["a",{"b":1}],"nested":[{"apiKey":{"id":7}}],"note":"mail ada.l@example.com","card":4111111111111111,"n":1,"by":{"ada.l@example.com":2},"password":"again"}"#;
        assert_eq!(
            Kind::Json.mask(body).unwrap(),
            r#"{"by":{"[redacted]":2},"card":"[redacted]","n":1,"nested":[{"apiKey":"[redacted]"}],"note":"mail [redacted]","password":"[redacted]","user":"ada"}"#
        );
        assert_eq!(Kind::Json.mask(br#"{"password":"a"#), None);
        assert_eq!(Kind::Json.mask(&[b'['; 100_000]), None);
        assert_eq!(
            Kind::Text.mask(b"password=hunter2 ok").unwrap(),
            "password=[redacted] ok"
        );
        assert_eq!(Kind::Text.mask(&[0xff]), None);
    }
}
