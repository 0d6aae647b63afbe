use http::header::{self, HeaderMap, HeaderValue};
use seawall_guard::problem::{Problem, kinds};
use seawall_store::Digest;

/// The tag of a definition: its digest.
pub(crate) fn etag(digest: Digest) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{}\"", digest.to_hex())).expect("a digest in hexadecimal is ASCII")
}

/// What `If-Match` demands.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Expected {
    Anything,
    OneOf(Vec<Digest>),
}

/// Reads `If-Match`. Tags that are not ours (weak ones too) match nothing and are left out.
///
/// # Errors
/// `precondition-failed` where no tag is left; `bad-request` where the header is no text.
pub(crate) fn expected(headers: &HeaderMap) -> Result<Expected, Problem> {
    let mut tags = Vec::new();
    let mut present = false;
    for value in headers.get_all(header::IF_MATCH) {
        present = true;
        let text = value
            .to_str()
            .map_err(|_| Problem::new(&kinds::BAD_REQUEST).with_detail("If-Match is not a list of entity tags."))?;
        for tag in text.split(',').map(str::trim) {
            if tag == "*" {
                return Ok(Expected::Anything);
            }
            let hex = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            tags.extend(hex.and_then(Digest::from_hex));
        }
    }
    match (present, tags.is_empty()) {
        (false, _) => Ok(Expected::Anything),
        (true, true) => Err(Problem::new(&kinds::PRECONDITION_FAILED)),
        (true, false) => Ok(Expected::OneOf(tags)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_back_and_foreign_ones_fail() {
        let digest = Digest::of(b"x");
        let with = |value: HeaderValue| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_MATCH, value);
            expected(&headers)
        };
        assert_eq!(expected(&HeaderMap::new()).unwrap(), Expected::Anything);
        assert_eq!(with(HeaderValue::from_static("*")).unwrap(), Expected::Anything);
        assert_eq!(with(etag(digest)).unwrap(), Expected::OneOf(vec![digest]));
        assert_eq!(with(HeaderValue::from_static("\"1\"")).unwrap_err().status(), 412);
        let weak = format!("W/{}", etag(digest).to_str().unwrap());
        assert_eq!(with(weak.parse().unwrap()).unwrap_err().status(), 412);
    }
}
