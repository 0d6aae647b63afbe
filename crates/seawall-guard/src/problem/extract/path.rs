use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::problem::{Problem, kinds};

/// The parameters in the path. What cannot be read as `T` (an id of another kind) names nothing: `not-found`.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status().is_server_error() => Err(Problem::new(&kinds::INTERNAL_ERROR)),
            Err(_) => Err(Problem::new(&kinds::NOT_FOUND).with_detail("Nothing has that id or name.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::{Router, routing};
    use http::Request;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_parameter_of_another_form_names_nothing() {
        let app = Router::new().route("/{n}", routing::get(|Path(n): Path<u32>| async move { n.to_string() }));
        for (path, status) in [("/7", 200), ("/x", 404), ("/%ff", 404)] {
            let request = Request::get(path).body(Body::empty()).unwrap();
            assert_eq!(app.clone().oneshot(request).await.unwrap().status(), status);
        }
    }
}
