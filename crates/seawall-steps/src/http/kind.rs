//! The kind `http`, as definitions see it.

use seawall_engine::{EffectClass, FieldShape, FieldSpec, KindSpec};
use serde_json::Value;

const METHODS: &[&str] = &["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH"];

const fn field(name: &'static str, shape: FieldShape, doc: &'static str) -> FieldSpec {
    FieldSpec {
        name,
        shape,
        required: false,
        secrets: false,
        excludes: None,
        doc,
    }
}

const FIELDS: &[FieldSpec] = &[
    field(
        "method",
        FieldShape::OneOf(METHODS),
        "The request method; GET when absent.",
    ),
    FieldSpec {
        required: true,
        ..field("url", FieldShape::Url, "An http or https URL, without credentials.")
    },
    FieldSpec {
        secrets: true,
        ..field(
            "headers",
            FieldShape::Headers,
            "Request headers. The place for secrets. They are not sent to another origin on a redirect.",
        )
    },
    field("query", FieldShape::StringMap, "Parameters added to the URL's query."),
    FieldSpec {
        excludes: Some("text"),
        ..field("json", FieldShape::Any, "The body, sent as JSON.")
    },
    FieldSpec {
        excludes: Some("json"),
        ..field("text", FieldShape::String, "The body, sent as plain text.")
    },
    field(
        "accept_status",
        FieldShape::Integers,
        "Statuses outside 2xx that count as success too.",
    ),
];

pub(crate) const SPEC: KindSpec = KindSpec {
    kind: "http",
    doc: "Sends one HTTP request. Output: {status, headers, body}; the body is parsed when its type is JSON, text when it \
          is UTF-8, and {base64} otherwise. A status outside 2xx fails unless accepted.",
    fields: FIELDS,
    default_effect,
    disabled: None,
};

/// By the method's meaning in RFC 9110; what only a template knows is taken for the worst.
fn default_effect(with: &Value) -> EffectClass {
    match with.get("method").map(Value::as_str) {
        None | Some(Some("GET" | "HEAD" | "OPTIONS")) => EffectClass::Read,
        Some(Some("PUT" | "DELETE")) => EffectClass::Idempotent,
        Some(_) => EffectClass::Once,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_effect_follows_the_method_and_a_templated_method_is_once() {
        let effect = |with| default_effect(&with);
        assert_eq!(effect(serde_json::json!({"url": "http://x"})), EffectClass::Read);
        for (method, expected) in [
            ("GET", EffectClass::Read),
            ("HEAD", EffectClass::Read),
            ("OPTIONS", EffectClass::Read),
            ("PUT", EffectClass::Idempotent),
            ("DELETE", EffectClass::Idempotent),
            ("POST", EffectClass::Once),
            ("PATCH", EffectClass::Once),
            ("{{ input.method }}", EffectClass::Once),
        ] {
            assert_eq!(effect(serde_json::json!({"method": method})), expected, "{method}");
        }
    }
}
