use std::borrow::Cow;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use http::Request;
use http_body_util::{Empty, Full};

/// A body that can be had twice, or says that it cannot. What is held in memory can; what is read from somewhere cannot, since its beginning is
/// gone by the time a repeat is wanted: a request with such a body is sent once.
pub trait RepeatBody: Sized {
    /// The same body again, before anything of this one was read; none where it can be had once only.
    fn repeat(&self) -> Option<Self>;
}

macro_rules! cloned {
    ($($body:ty),* $(,)?) => {$(
        impl RepeatBody for $body {
            fn repeat(&self) -> Option<Self> {
                Some(self.clone())
            }
        }
    )*};
}

cloned!(
    (),
    Bytes,
    Arc<[u8]>,
    Arc<str>,
    String,
    Vec<u8>,
    &'static str,
    Cow<'static, str>
);

impl<D> RepeatBody for Empty<D> {
    fn repeat(&self) -> Option<Self> {
        Some(Self::new())
    }
}

impl<D: Buf + Clone> RepeatBody for Full<D> {
    fn repeat(&self) -> Option<Self> {
        Some(self.clone())
    }
}

/// Nobody knows what is behind it: only an empty one can be had twice. Who wants requests with bodies repeated sends a [`Full`] one.
#[cfg(feature = "problem")]
impl RepeatBody for axum::body::Body {
    fn repeat(&self) -> Option<Self> {
        axum::body::HttpBody::is_end_stream(self).then(Self::empty)
    }
}

/// The same request again, extensions included.
pub(crate) fn copy_of<B: RepeatBody>(request: &Request<B>) -> Option<Request<B>> {
    let mut copy = Request::new(request.body().repeat()?);
    request.method().clone_into(copy.method_mut());
    request.uri().clone_into(copy.uri_mut());
    request.headers().clone_into(copy.headers_mut());
    request.extensions().clone_into(copy.extensions_mut());
    *copy.version_mut() = request.version();
    Some(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_the_same_request() {
        let request = Request::put("http://a.example/things?b=c").version(http::Version::HTTP_2);
        let request = request.header("x-a", "1").header("x-a", "2").extension(7u8);
        let request = request.body(Full::new(Bytes::from_static(b"body"))).unwrap();
        let copy = copy_of(&request).unwrap();
        assert_eq!(format!("{copy:?}"), format!("{request:?}"));
        assert_eq!(copy.extensions().get::<u8>(), Some(&7));
    }

    #[cfg(feature = "problem")]
    #[test]
    fn a_body_that_is_read_from_somewhere_is_had_once() {
        use axum::body::Body;

        assert!(Body::empty().repeat().is_some());
        let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>("a")]);
        assert!(Body::from_stream(chunks).repeat().is_none());
    }
}
