use axum::extract::{FromRequest, FromRequestParts, Request};
use garde::Validate;
use garde::error::Path as GardePath;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::{Json, Path, Query};
use crate::problem::{FieldError, Pointer, Problem, kinds};

/// The most errors that one answer tells: a long list whose elements are all wrong does not make a longer answer.
pub const MAX_ERRORS: usize = 100;

/// [`Json`], [`Query`] or [`Path`] whose content also keeps the rules that its type declares with `garde`: `Valid(Json(body)):
/// Valid<Json<Body>>`.
///
/// What cannot be read is refused as without it. What can be, and breaks rules, is a `validation-error` with all that is
/// wrong at once (in a path it names nothing: `not-found`). Pointers are made of the names that garde knows, which are those
/// of the Rust fields (`type` for `r#type`): it takes no notice of what serde renames, nor of its own `rename`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Valid<E>(pub E);

impl<S, T> FromRequest<S> for Valid<Json<T>>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate,
    T::Context: Default,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Json(value) = Json::<T>::from_request(request, state).await?;
        check(&value)?;
        Ok(Self(Json(value)))
    }
}

impl<S, T> FromRequestParts<S> for Valid<Query<T>>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate,
    T::Context: Default,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(value) = Query::<T>::from_request_parts(parts, state).await?;
        check(&value)?;
        Ok(Self(Query(value)))
    }
}

impl<S, T> FromRequestParts<S> for Valid<Path<T>>
where
    S: Send + Sync,
    T: DeserializeOwned + Validate + Send,
    T::Context: Default,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(value) = Path::<T>::from_request_parts(parts, state).await?;
        match value.validate() {
            Ok(()) => Ok(Self(Path(value))),
            Err(_) => Err(Problem::new(&kinds::NOT_FOUND).with_detail("Nothing has that id or name.")),
        }
    }
}

fn check<T>(value: &T) -> Result<(), Problem>
where
    T: Validate,
    T::Context: Default,
{
    let Err(report) = value.validate() else {
        return Ok(());
    };
    let found = report.iter().map(|(path, error)| {
        let message = error.message();
        FieldError::new(&pointer(path), code(message), message)
    });
    let errors: Vec<_> = found.take(MAX_ERRORS).collect();
    let problem = Problem::new(&kinds::VALIDATION_ERROR);
    let left_out = report.iter().count() - errors.len();
    let problem = match left_out {
        0 => problem,
        more => problem.with_detail(format!(
            "The content is not acceptable; {more} more errors are left out."
        )),
    };
    Err(problem.with_errors(errors))
}

/// garde shows the parts of a path by serializing it: pairs of a kind (`key`, `index`, `none`) and a name, from the root on.
fn pointer(path: &GardePath) -> Pointer {
    let parts = serde_json::to_value(path).and_then(serde_json::from_value::<Vec<(String, String)>>);
    let parts = parts.unwrap_or_default();
    let named = parts.iter().filter(|(kind, _)| kind != "none");
    named.fold(Pointer::root(), |pointer, (_, name)| {
        pointer.key(name.strip_prefix("r#").unwrap_or(name))
    })
}

/// garde tells which rule was broken only in its message, whose beginnings are stable.
fn code(message: &str) -> &'static str {
    let known = [
        ("length is lower than", "too-short"),
        ("length is greater than", "too-long"),
        ("lower than", "too-small"),
        ("greater than", "too-large"),
        ("does not match pattern", "invalid-format"),
        ("not a valid", "invalid-format"),
        ("not ascii", "invalid-format"),
        ("not alphanumeric", "invalid-format"),
        ("not set", "required"),
    ];
    let found = known.iter().find(|(beginning, _)| message.starts_with(beginning));
    found.map_or("invalid-value", |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use axum::body::Body;
    use axum::{Router, routing};
    use serde::Deserialize;
    use serde_json::{Value, json};
    use tower::ServiceExt as _;

    use super::*;

    #[derive(Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[garde(length(min = 3, max = 8))]
        name: String,
        #[garde(range(min = 1, max = 100))]
        r#type: i64,
        #[garde(length(max = 200), dive)]
        #[serde(default)]
        items: Vec<Item>,
        #[garde(dive)]
        #[serde(default)]
        named: BTreeMap<String, Item>,
        #[garde(required)]
        note: Option<String>,
    }

    #[derive(Deserialize, Validate)]
    struct Item {
        #[garde(ascii, custom(no_blank))]
        label: String,
    }

    fn no_blank(label: &str, _: &()) -> garde::Result {
        if label.contains(' ') {
            return Err(garde::Error::new("has a blank"));
        }
        Ok(())
    }

    #[derive(Deserialize, Validate)]
    struct Paging {
        #[garde(range(min = 1, max = 200))]
        limit: u32,
    }

    #[derive(Deserialize, Validate)]
    struct Name {
        #[garde(length(max = 3))]
        name: String,
    }

    fn app() -> Router {
        let create = async |Valid(Json(order)): Valid<Json<Order>>| order.name;
        let list = async |Valid(Query(paging)): Valid<Query<Paging>>| paging.limit.to_string();
        let get = async |Valid(Path(path)): Valid<Path<Name>>| path.name;
        Router::new()
            .route("/orders", routing::post(create).get(list))
            .route("/orders/{name}", routing::get(get))
    }

    async fn send(request: http::request::Builder, body: String) -> (u16, Value) {
        let request = request
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let response = app().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    fn errors(body: &Value) -> Vec<(&str, &str)> {
        let errors = body["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect()
    }

    #[tokio::test]
    async fn everything_that_breaks_a_rule_is_told_at_once_where_it_is() {
        let order = json!({
            "name": "ab", "type": 0, "note": null,
            "items": [{"label": "fine"}, {"label": "two words"}, {"label": "ä ö"}],
            "named": {"a/b": {"label": "ä"}},
        });
        let (status, body) = send(Request::post("/orders"), order.to_string()).await;
        assert_eq!((status, &body["code"]), (422, &json!("validation-error")));
        assert_eq!(
            errors(&body),
            [
                ("/items/1/label", "invalid-value"),
                ("/items/2/label", "invalid-value"),
                ("/items/2/label", "invalid-format"),
                ("/name", "too-short"),
                ("/named/a~1b/label", "invalid-format"),
                ("/note", "required"),
                ("/type", "too-small"),
            ]
        );
        assert_eq!(body["errors"][3]["message"], "length is lower than 3");
    }

    #[tokio::test]
    async fn what_keeps_the_rules_passes_and_what_cannot_be_read_is_refused_as_ever() {
        let good = json!({"name": "abc", "type": 5, "note": ""});
        assert_eq!(send(Request::post("/orders"), good.to_string()).await.0, 200);
        let cases = [
            ("{".to_owned(), 400, "malformed-json", "", "syntax"),
            (
                r#"{"name": "abc", "name": "x"}"#.to_owned(),
                422,
                "validation-error",
                "/name",
                "duplicate-field",
            ),
            (
                r#"{"name": "abc", "x": 1}"#.to_owned(),
                422,
                "validation-error",
                "/x",
                "unknown-field",
            ),
            (
                r#"{"name": 1}"#.to_owned(),
                422,
                "validation-error",
                "/name",
                "invalid-type",
            ),
        ];
        for (text, status, code, pointer, error) in cases {
            let (answered, body) = send(Request::post("/orders"), text).await;
            assert_eq!((answered, &body["code"]), (status, &json!(code)));
            assert_eq!(errors(&body), [(pointer, error)]);
        }
    }

    #[tokio::test]
    async fn parameters_keep_rules_too_and_a_path_that_does_not_names_nothing() {
        assert_eq!(send(Request::get("/orders?limit=200"), String::new()).await.0, 200);
        let (status, body) = send(Request::get("/orders?limit=201"), String::new()).await;
        assert_eq!((status, errors(&body)), (422, vec![("/limit", "too-large")]));
        assert_eq!(send(Request::get("/orders/abc"), String::new()).await.0, 200);
        let (status, body) = send(Request::get("/orders/abcd"), String::new()).await;
        assert_eq!((status, &body["code"]), (404, &json!("not-found")));
    }

    #[tokio::test]
    async fn an_answer_tells_a_bounded_number_of_errors() {
        let items = vec![json!({"label": "two words"}); 200];
        let order = json!({"name": "abc", "type": 5, "note": "", "items": items});
        let (_, body) = send(Request::post("/orders"), order.to_string()).await;
        assert_eq!(errors(&body).len(), MAX_ERRORS);
        assert_eq!(
            body["detail"],
            "The content is not acceptable; 100 more errors are left out."
        );
    }
}
