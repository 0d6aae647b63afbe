//! One request and its answer.

use http::header::{ETAG, IF_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::ClientError;

/// A request to the API.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(super) method: Method,
    /// With the query.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Value>,
}

impl Call {
    fn new(method: Method, path: impl Into<String>, body: Option<Value>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: HeaderMap::new(),
            body,
        }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path, None)
    }

    pub(crate) fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path, Some(body))
    }

    /// A POST that says all in its path.
    pub(crate) fn tell(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path, None)
    }

    pub(crate) fn put(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PUT, path, Some(body))
    }

    pub(crate) fn patch(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::PATCH, path, Some(body))
    }

    pub(crate) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path, None)
    }

    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Changes only what is still as it was read: somebody else's change in between is not overwritten.
    #[must_use]
    pub(crate) fn based_on(self, read: &Answer) -> Self {
        match read.headers.get(ETAG) {
            Some(tag) => self.header(IF_MATCH, tag.clone()),
            None => self,
        }
    }
}

/// What came back, if it was not a problem.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    /// Null when there was no body.
    pub(crate) value: Value,
}

impl Answer {
    /// The body as one of the shapes that commands look into.
    pub(crate) fn view<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        T::deserialize(&self.value).map_err(ClientError::unexpected)
    }
}
