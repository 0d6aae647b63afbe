use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderMap};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use super::objects::Objects;
use super::read::read_body;
use super::serde_errors::field_error;
use super::wide_integer::wide_integer;
use crate::problem::{FieldError, Pointer, Problem, kinds};

/// A JSON body: of a request (`application/json` or `…+json`), or of a response.
#[derive(Clone, Copy, Debug, Default)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        require_json(request.headers())?;
        let body = read_body(request.into_body()).await?;
        parse_json(&body).map(Json)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// # Errors
/// `unsupported-media-type` unless the body is announced as `application/json` or `…+json`, and not as compressed.
pub fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    require_uncoded(headers)?;
    if is_json(headers) {
        return Ok(());
    }
    let problem = Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE);
    Err(problem.with_detail("The body must be sent with Content-Type: application/json."))
}

/// # Errors
/// `unsupported-media-type` for a body under a `Content-Encoding`: nothing here unpacks, and the limit is on what is sent.
pub fn require_uncoded(headers: &HeaderMap) -> Result<(), Problem> {
    let codings = headers.get_all(header::CONTENT_ENCODING);
    if codings
        .into_iter()
        .all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Ok(());
    }
    let problem = Problem::new(&kinds::UNSUPPORTED_MEDIA_TYPE);
    Err(problem.with_detail("The body must be sent without Content-Encoding."))
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    let Some((kind, subtype)) = essence.split_once('/') else {
        return false;
    };
    // `json`, or whatever is written in it.
    let format = subtype.rsplit_once('+').map_or(subtype, |(_, format)| format);
    kind.eq_ignore_ascii_case("application") && format.eq_ignore_ascii_case("json")
}

/// Reads one JSON document.
///
/// # Errors
/// `malformed-json` with line and column where the text is no JSON; `validation-error` with a pointer where it is JSON of
/// another form.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    // To know at each moment where one is costs as much again, and only who is wrong asks.
    let value = T::deserialize(Objects(&mut deserializer)).or_else(|_| parse_with_places(bytes))?;
    deserializer.end().map_err(|error| malformed(&error))?;
    if let Some(pointer) = wide_integer(bytes) {
        let error = FieldError::new(
            &pointer,
            "number-out-of-range",
            "the number has more than 64 bits; send it as a string",
        );
        return Err(Problem::new(&kinds::VALIDATION_ERROR).with_errors(vec![error]));
    }
    Ok(value)
}

/// Reads what was found to be wrong once more, to say where.
fn parse_with_places<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(Objects(&mut deserializer)).map_err(|error| {
        let cause = error.inner();
        if cause.classify() == Category::Data {
            // The reader stops at the first wrong field: what follows may be no JSON at all, which is the greater fault.
            if let Err(syntax) = serde_json::from_slice::<IgnoredAny>(bytes) {
                return malformed(&syntax);
            }
            let errors = vec![field_error(error.path(), &cause.to_string())];
            return Problem::new(&kinds::VALIDATION_ERROR).with_errors(errors);
        }
        malformed(cause)
    })
}

fn malformed(error: &serde_json::Error) -> Problem {
    let message = error.to_string();
    let error = FieldError::new(&Pointer::root(), "syntax", message.clone());
    Problem::new(&kinds::MALFORMED_JSON)
        .with_detail(format!("The body is not valid JSON: {message}."))
        .with_errors(vec![error])
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the way it fails is looked at")]
    struct Outer {
        name: String,
        items: Vec<Item>,
        one: Option<Item>,
        #[serde(default)]
        named: std::collections::BTreeMap<String, Item>,
        tagged: Option<Tagged>,
    }

    #[derive(Deserialize, Debug)]
    #[serde(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only the way it fails is looked at")]
    enum Tagged {
        Inner(Item),
        Fields { count: u32 },
    }

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Item {
        count: u32,
    }

    fn rejected(text: &[u8]) -> (&'static str, FieldError) {
        let problem = parse_json::<Outer>(text).unwrap_err();
        (problem.kind().code, problem.errors()[0].clone())
    }

    #[test]
    fn errors_in_the_content_point_at_the_field() {
        let cases = [
            (
                r#"{"name":"a","items":[{"count":1},{"count":"x"}]}"#,
                "/items/1/count",
                "invalid-type",
            ),
            (
                r#"{"name":"a","items":[{"count":-1}]}"#,
                "/items/0/count",
                "invalid-value",
            ),
            (r#"{"name":"a","items":[{}]}"#, "/items/0/count", "required"),
            (r#"{"items":[]}"#, "/name", "required"),
            (
                r#"{"name":"a","items":[{"count":1,"extra":2}]}"#,
                "/items/0/extra",
                "unknown-field",
            ),
            (r#"{"name":"a","items":[],"other":1}"#, "/other", "unknown-field"),
            ("[1]", "", "invalid-type"),
            (r#"["a", []]"#, "", "invalid-type"),
            (r#"{"name":"a","items":[{"count":1},[1]]}"#, "/items/1", "invalid-type"),
            (r#"{"name":"a","items":[],"one":[1]}"#, "/one", "invalid-type"),
            (
                r#"{"name":"a","items":[],"named":{"x":[1]}}"#,
                "/named/x",
                "invalid-type",
            ),
            (
                r#"{"name":"a","items":[],"tagged":{"inner":[1]}}"#,
                "/tagged",
                "invalid-type",
            ),
            (
                r#"{"name":"a","items":[],"tagged":{"fields":[1]}}"#,
                "/tagged",
                "invalid-type",
            ),
        ];
        for (text, pointer, code) in cases {
            let (kind, error) = rejected(text.as_bytes());
            assert_eq!(kind, "validation-error");
            assert_eq!(error.pointer, pointer, "{text}");
            assert_eq!(error.code, code, "{text}");
            assert!(!error.message.contains("line"), "{}", error.message);
        }
    }

    #[test]
    fn what_is_a_list_or_any_json_stays_so() {
        assert_eq!(
            parse_json::<(u32, String)>(br#"[1, "a"]"#).unwrap(),
            (1, "a".to_owned())
        );
        let any = serde_json::json!({"a": [1, [null, {"b": []}]]});
        assert_eq!(
            parse_json::<serde_json::Value>(any.to_string().as_bytes()).unwrap(),
            any
        );
        let whole = br#"{"name":"a","items":[{"count":1}],"one":{"count":2},"tagged":{"fields":{"count":3}}}"#;
        assert_eq!(parse_json::<Outer>(whole).unwrap().items[0].count, 1);
        assert!(
            parse_json::<Outer>(br#"{"name":"a","items":[],"one":null}"#)
                .unwrap()
                .one
                .is_none()
        );
    }

    #[test]
    fn text_that_is_no_json_is_named_with_line_and_column() {
        let deep = "[".repeat(100_000);
        let cases: [&[u8]; 6] = [b"", b"{\"name\": ", b"{]", b"{} x", b"\"\xff\"", deep.as_bytes()];
        for text in cases {
            let problem = parse_json::<serde_json::Value>(text).unwrap_err();
            assert_eq!(problem.kind().code, "malformed-json");
            assert!(
                problem.errors()[0].message.contains("line 1 column"),
                "{:?}",
                problem.errors()
            );
        }
    }

    #[test]
    fn a_text_that_breaks_off_after_a_wrong_field_is_malformed() {
        let problem = parse_json::<Outer>(br#"{"other": 1, "name": "#).unwrap_err();
        assert_eq!(problem.kind().code, "malformed-json");
    }

    #[tokio::test]
    async fn a_body_of_no_or_another_type_is_refused() {
        for (sent, accepted) in [
            (None, false),
            (Some("text/plain"), false),
            (Some("application/jsonx"), false),
            (Some("application/json; charset=utf-8"), true),
            (Some("application/merge-patch+json"), true),
        ] {
            let mut request = Request::post("/");
            if let Some(sent) = sent {
                request = request.header("content-type", sent);
            }
            let request = request.body(Body::from("1")).unwrap();
            let result = Json::<u32>::from_request(request, &()).await;
            assert_eq!(result.is_ok(), accepted, "{sent:?}");
            if let Err(problem) = result {
                assert_eq!(problem.status(), 415);
            }
        }
    }
}
