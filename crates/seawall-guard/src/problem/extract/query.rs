use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::serde_errors::field_error;
use crate::problem::{Problem, kinds};

/// The query string. Parameters that `T` does not know are ignored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(parts.uri.query().unwrap_or_default()).map(Query)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    // Reads pairs of strings from borrowed or decoded text: percent sequences that are no UTF-8 become U+FFFD.
    let pairs = url_pairs(query);
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let errors = vec![field_error(error.path(), &error.inner().to_string())];
        Problem::new(&kinds::VALIDATION_ERROR)
            .with_detail("A parameter in the query is not acceptable.")
            .with_errors(errors)
    })
}

fn url_pairs(query: &str) -> serde_urlencoded::Deserializer<'_> {
    serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, PartialEq, Debug)]
    struct Params {
        limit: Option<u32>,
        status: Option<String>,
    }

    #[test]
    fn known_parameters_are_read_and_others_ignored() {
        let params: Params = parse("limit=5&x=y&status=a%20b").unwrap();
        assert_eq!(
            params,
            Params {
                limit: Some(5),
                status: Some("a b".into())
            }
        );
    }

    #[test]
    fn a_bad_parameter_is_pointed_at() {
        let problem = parse::<Params>("status=a&limit=many").unwrap_err();
        assert_eq!(problem.kind().code, "validation-error");
        assert_eq!(problem.errors()[0].pointer, "/limit");
        let problem = parse::<Params>("limit=1&limit=2").unwrap_err();
        assert_eq!(problem.errors()[0].code, "duplicate-field");
    }
}
