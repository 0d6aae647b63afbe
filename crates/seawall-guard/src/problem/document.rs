use std::borrow::Cow;
use std::time::Duration;

use axum::response::IntoResponse;
use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

use super::{FieldError, ProblemKind};

/// The media type of problem documents.
pub const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// One rejection. As a response it carries itself in the extensions, where [`super::ProblemLayer`] (which knows the path
/// and the request id) and access logs find it.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: &'static ProblemKind,
    detail: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
    extensions: Vec<(&'static str, Value)>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    #[must_use]
    pub const fn new(kind: &'static ProblemKind) -> Self {
        Self {
            kind,
            detail: None,
            errors: Vec::new(),
            extensions: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// What happened in this case, for the caller's eyes. Ignored on a 5xx, whose text is constant.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        debug_assert!(self.kind.declares("errors"), "{} declares no errors", self.kind.code);
        self.errors = errors;
        self
    }

    /// Adds a member that the kind declares.
    #[must_use]
    pub fn with_extension(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        debug_assert!(self.kind.declares(name), "{} declares no {name}", self.kind.code);
        self.extensions.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says when to try again: whole seconds, rounded up, at least 1.
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        let rounded = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with_header(header::RETRY_AFTER, HeaderValue::from(rounded.max(1)))
    }

    #[must_use]
    pub const fn kind(&self) -> &'static ProblemKind {
        self.kind
    }

    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.kind.status
    }

    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    #[must_use]
    pub fn has_extension(&self, name: &str) -> bool {
        self.extensions.iter().any(|(known, _)| *known == name)
    }

    #[must_use]
    pub fn detail(&self) -> &str {
        match &self.detail {
            Some(detail) if !self.kind.status.is_server_error() => detail,
            _ => self.kind.detail,
        }
    }

    /// The document, complete with the request's path and id where they are known.
    #[must_use]
    pub fn render(&self, instance: Option<&str>, request_id: Option<&str>) -> Bytes {
        let document = Document {
            problem: self,
            instance,
            request_id,
        };
        // Strings, numbers and JSON values with string keys: none of them can fail to serialize.
        serde_json::to_vec(&document).unwrap_or_default().into()
    }

    /// The response, for any body that is made from bytes.
    #[must_use]
    pub fn into_http<B: From<Bytes>>(mut self) -> Response<B> {
        let mut response = Response::new(B::from(self.render(None, None)));
        *response.status_mut() = self.kind.status;
        response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
        for (name, value) in self.headers.drain(..) {
            response.headers_mut().append(name, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> axum::response::Response {
        self.into_http()
    }
}

struct Document<'a> {
    problem: &'a Problem,
    instance: Option<&'a str>,
    request_id: Option<&'a str>,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { problem, .. } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &problem.kind.type_uri())?;
        map.serialize_entry("title", problem.kind.title)?;
        map.serialize_entry("status", &problem.kind.status.as_u16())?;
        map.serialize_entry("detail", problem.detail())?;
        if let Some(instance) = self.instance {
            map.serialize_entry("instance", instance)?;
        }
        map.serialize_entry("code", problem.kind.code)?;
        if let Some(request_id) = self.request_id {
            map.serialize_entry("request_id", request_id)?;
        }
        if !problem.errors.is_empty() {
            map.serialize_entry("errors", &problem.errors)?;
        }
        for (name, value) in &problem.extensions {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Pointer, kinds};
    use super::*;

    #[test]
    fn a_document_has_the_standard_members_and_its_extensions() {
        let error = FieldError::new(&Pointer::root().key("steps").index(0), "required", "is missing");
        let problem = Problem::new(&kinds::VALIDATION_ERROR)
            .with_detail("No.")
            .with_errors(vec![error]);
        let text = String::from_utf8(problem.render(Some("/a"), Some("id-1")).to_vec()).unwrap();
        insta::assert_snapshot!(text, @r#"{"type":"/problems/validation-error","title":"Validation failed","status":422,"detail":"No.","instance":"/a","code":"validation-error","request_id":"id-1","errors":[{"pointer":"/steps/0","field":"0","message":"is missing","code":"required"}]}"#);
    }

    #[test]
    fn a_server_error_never_shows_its_cause() {
        let problem = Problem::new(&kinds::INTERNAL_ERROR).with_detail("password is hunter2");
        assert_eq!(problem.detail(), kinds::INTERNAL_ERROR.detail);
        assert_eq!(
            problem.render(None, None),
            Problem::new(&kinds::INTERNAL_ERROR).render(None, None)
        );
    }

    #[test]
    fn retry_after_is_rounded_up_and_never_zero() {
        for (millis, header) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2")] {
            let problem = Problem::new(&kinds::OVERLOADED).with_retry_after(Duration::from_millis(millis));
            let response = problem.into_http::<Bytes>();
            assert_eq!(response.headers()[header::RETRY_AFTER], header);
        }
    }
}
