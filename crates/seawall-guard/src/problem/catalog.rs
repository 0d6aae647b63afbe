use http::StatusCode;

use super::ProblemKind;

/// All kinds that a service can answer with: the tables of this crate and its own, joined.
#[derive(Clone, Copy, Debug)]
pub struct Catalog {
    tables: &'static [&'static [&'static ProblemKind]],
}

impl Catalog {
    #[must_use]
    pub const fn new(tables: &'static [&'static [&'static ProblemKind]]) -> Self {
        Self { tables }
    }

    /// Every kind, in the order of the tables.
    pub fn kinds(&self) -> impl Iterator<Item = &'static ProblemKind> {
        self.tables.iter().flat_map(|table| table.iter().copied())
    }

    /// The kind of that code.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<&'static ProblemKind> {
        self.kinds().find(|kind| kind.code == code)
    }
}

/// The general kind that stands for a status, for answers that say no more than that. Statuses without a kind of their
/// own fall back to `bad-request` and `internal-error`.
pub(super) fn kind_of_status(status: StatusCode) -> &'static ProblemKind {
    use super::kinds as k;
    match status {
        StatusCode::UNAUTHORIZED => &k::UNAUTHENTICATED,
        StatusCode::FORBIDDEN => &k::INSUFFICIENT_SCOPE,
        StatusCode::NOT_FOUND => &k::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED => &k::METHOD_NOT_ALLOWED,
        StatusCode::NOT_ACCEPTABLE => &k::NOT_ACCEPTABLE,
        StatusCode::REQUEST_TIMEOUT => &k::REQUEST_TIMEOUT,
        StatusCode::CONFLICT => &k::CONFLICT,
        StatusCode::PRECONDITION_FAILED => &k::PRECONDITION_FAILED,
        StatusCode::PAYLOAD_TOO_LARGE => &k::PAYLOAD_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => &k::UNSUPPORTED_MEDIA_TYPE,
        StatusCode::MISDIRECTED_REQUEST => &k::HOST_NOT_ALLOWED,
        StatusCode::UNPROCESSABLE_ENTITY => &k::VALIDATION_ERROR,
        StatusCode::TOO_MANY_REQUESTS => &k::RATE_LIMIT_EXCEEDED,
        StatusCode::SERVICE_UNAVAILABLE => &k::SERVICE_UNAVAILABLE,
        other if other.is_server_error() => &k::INTERNAL_ERROR,
        _ => &k::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::super::kinds;
    use super::*;

    #[test]
    fn codes_are_unique_and_kebab_case() {
        let mut codes: Vec<_> = kinds::TABLE.iter().map(|kind| kind.code).collect();
        assert!(
            codes
                .iter()
                .all(|c| c.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        );
        codes.sort_unstable();
        let before = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), before);
    }

    #[test]
    fn a_status_maps_to_a_kind_of_that_status_or_its_class() {
        for kind in kinds::TABLE {
            assert_eq!(kind_of_status(kind.status).status, kind.status, "{}", kind.code);
        }
        assert_eq!(kind_of_status(StatusCode::IM_A_TEAPOT), &kinds::BAD_REQUEST);
        assert_eq!(kind_of_status(StatusCode::BAD_GATEWAY), &kinds::INTERNAL_ERROR);
    }
}
