//! `k=v`: the value gets the type that the schema gives to `k`.

use serde_json::{Number, Value};

use super::schema::{Schema, types};
use crate::nearest::nearest;

/// One `--input k=v`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pair {
    pub(super) key: String,
    pub(super) value: String,
}

impl Pair {
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn text(&self) -> &str {
        &self.value
    }
}

impl std::str::FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            // A name may be almost anything, but this is somebody who means all of it.
            _ if text.starts_with(['{', '[']) => {
                Err("expected NAME=VALUE; all of it goes into --input-file".to_owned())
            }
            Some((key, value)) if !key.is_empty() => Ok(Self {
                key: key.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("expected NAME=VALUE".to_owned()),
        }
    }
}

/// A value, or what is wrong with the pair, and what is only strange about it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Typed {
    pub(super) value: Option<Value>,
    pub(super) error: Option<String>,
    pub(super) warning: Option<String>,
}

pub(super) fn typed(pair: &Pair, schema: Schema<'_>) -> Typed {
    let mut result = Typed::default();
    if schema.is_unknown(&pair.key) {
        let hint =
            nearest(&pair.key, schema.names()).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let message = format!("the workflow's input has no `{}`{hint}", pair.key);
        if schema.is_closed() {
            result.error = Some(message);
            return result;
        }
        result.warning = Some(message);
    }
    match schema.property(&pair.key) {
        None => result.value = Some(Value::String(pair.value.clone())),
        Some(property) => match as_property(&pair.value, property) {
            Ok(value) => result.value = Some(value),
            Err(message) => result.error = Some(message),
        },
    }
    result
}

fn as_property(text: &str, property: &Value) -> Result<Value, String> {
    if let Some(listed) = listed(text, property) {
        return Ok(listed.clone());
    }
    let types = types(property);
    if types.is_empty() {
        return Ok(Value::String(text.to_owned()));
    }
    types
        .iter()
        .find_map(|name| as_type(text, name))
        .ok_or_else(|| format!("`{text}` is not {}", expected(&types)))
}

/// The member of `enum`, or the `const`, that reads like the text.
fn listed<'p>(text: &str, property: &'p Value) -> Option<&'p Value> {
    let members = property.get("enum").and_then(Value::as_array).into_iter().flatten();
    members.chain(property.get("const")).find(|member| match member {
        Value::String(own) => own == text,
        other => serde_json::to_string(other).is_ok_and(|own| own == text),
    })
}

fn as_type(text: &str, name: &str) -> Option<Value> {
    match name {
        "null" => (text == "null").then_some(Value::Null),
        "boolean" => text.parse().ok().map(Value::Bool),
        "integer" => integer(text),
        "number" => integer(text).or_else(|| Number::from_f64(text.parse().ok()?).map(Value::Number)),
        "array" => serde_json::from_str(text).ok().filter(Value::is_array),
        "object" => serde_json::from_str(text).ok().filter(Value::is_object),
        "string" => Some(Value::String(text.to_owned())),
        _ => None,
    }
}

fn integer(text: &str) -> Option<Value> {
    let signed = text.parse::<i64>().map(Value::from);
    signed.or_else(|_| text.parse::<u64>().map(Value::from)).ok()
}

fn expected(types: &[&str]) -> String {
    let words = types.iter().map(|name| match *name {
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a JSON array, such as '[1, 2]'",
        "object" => "a JSON object, such as '{\"a\": 1}'",
        other => other,
    });
    words.collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(text: &str, schema: &Value) -> Typed {
        typed(&text.parse().unwrap(), Schema::new(Some(schema)))
    }

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "n": {"type": "integer"}, "x": {"type": "number"}, "b": {"type": "boolean"}, "s": {"type": "string"},
                "a": {"type": "array"}, "o": {"type": "object"}, "any": {}, "maybe": {"type": ["string", "null", "integer"]},
                "either": {"anyOf": [{"type": "boolean"}, {"type": "string"}]}, "level": {"enum": [1, "two", true]},
                "shared": {"$ref": "#/$defs/count"}
            },
            "$defs": {"count": {"type": "integer"}}
        })
    }

    #[test]
    fn a_value_gets_the_type_that_the_schema_gives_it() {
        let cases = [
            ("n=42", json!(42)),
            ("n=-7", json!(-7)),
            ("n=18446744073709551615", json!(u64::MAX)),
            ("x=1.5", json!(1.5)),
            ("x=3", json!(3)),
            ("b=true", json!(true)),
            ("s=42", json!("42")),
            ("s=a=b", json!("a=b")),
            ("s=", json!("")),
            ("a=[1, \"x\"]", json!([1, "x"])),
            ("o={\"k\": null}", json!({"k": null})),
            ("any=0123", json!("0123")),
            ("maybe=null", json!(null)),
            ("maybe=5", json!(5)),
            ("maybe=five", json!("five")),
            ("either=false", json!(false)),
            ("either=perhaps", json!("perhaps")),
            ("level=1", json!(1)),
            ("level=two", json!("two")),
            ("shared=3", json!(3)),
        ];
        for (pair, value) in cases {
            assert_eq!(of(pair, &schema()).value, Some(value), "{pair}");
        }
    }

    #[test]
    fn a_value_of_another_type_is_refused_with_the_type_that_is_wanted() {
        let cases = [
            ("n=1.5", "`1.5` is not an integer"),
            ("n=abc", "`abc` is not an integer"),
            ("x=NaN", "`NaN` is not a number"),
            ("x=inf", "`inf` is not a number"),
            ("b=yes", "`yes` is not true or false"),
            ("a={}", "`{}` is not a JSON array, such as '[1, 2]'"),
            ("o=[", "`[` is not a JSON object, such as '{\"a\": 1}'"),
        ];
        for (pair, message) in cases {
            assert_eq!(of(pair, &schema()).error.as_deref(), Some(message), "{pair}");
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_in_a_closed_schema_and_a_warning_in_an_open_one() {
        let mut schema = schema();
        let message = "the workflow's input has no `share`; did you mean `shared`?";
        let open = of("share=1", &schema);
        assert_eq!((open.warning.as_deref(), open.value), (Some(message), Some(json!("1"))));
        schema["additionalProperties"] = json!(false);
        let closed = of("share=1", &schema);
        assert_eq!((closed.error.as_deref(), closed.value), (Some(message), None));
        schema["patternProperties"] = json!({"^s": {}});
        assert_eq!(of("share=1", &schema).error, None);
        assert_eq!(of("k=1", &json!({"type": "object"})).warning, None);
        assert_eq!(
            typed(&"k=1".parse().unwrap(), Schema::new(None)).value,
            Some(json!("1"))
        );
    }

    #[test]
    fn a_pair_needs_a_name_and_an_equals_sign() {
        assert!("=x".parse::<Pair>().is_err());
        assert!("x".parse::<Pair>().is_err());
        assert!("x=".parse::<Pair>().is_ok());
        for whole in [r#"{"n": 1}"#, r#"{"n": "a=b"}"#, "[1]"] {
            assert!(whole.parse::<Pair>().unwrap_err().contains("--input-file"), "{whole}");
        }
    }
}
