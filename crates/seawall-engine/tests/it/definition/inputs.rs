//! The schema of a run's input: what it checks, and what a schema may not be.

use std::time::Instant;

use seawall_engine::PropertyType;
use serde_json::{Value, json};

use super::{codes_of, compiled, with_steps};

fn with_input(schema: Value) -> Value {
    let mut value = with_steps(json!([{ "id": "a", "kind": "transform", "with": { "value": 1 } }]));
    value["input"] = schema;
    value
}

#[test]
fn every_error_of_an_input_has_a_pointer_from_input_and_the_keyword_as_its_code() {
    let definition = compiled(&with_input(json!({
        "type": "object",
        "required": ["root", "n"],
        "additionalProperties": false,
        "properties": {
            "root": { "type": "string", "pattern": "^/" },
            "n": { "type": "integer", "maximum": 10 },
            "a/b": { "type": "array", "items": { "enum": ["x", "y"] } },
        },
    })));
    let schema = definition.input.as_ref().unwrap();
    assert_eq!(schema.validate(&json!({ "root": "/", "n": 3 })), []);
    let errors = schema.validate(&json!({ "root": "secret-value", "a/b": ["x", "z"], "more": 1 }));
    let mut found: Vec<_> = errors
        .iter()
        .map(|error| format!("{} {}", error.pointer, error.code))
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "/input/a~1b/1 enum",
            "/input/more additional-properties",
            "/input/n required",
            "/input/root pattern",
        ]
    );
    assert!(errors.iter().all(|error| !error.message.contains("secret-value")));
    let errors = schema.validate(&json!([1]));
    assert_eq!(
        (errors[0].pointer.as_str(), errors[0].code.as_str()),
        ("/input", "type")
    );
}

#[test]
fn defaults_of_the_schema_are_not_applied() {
    let definition = compiled(&with_input(json!({
        "required": ["n"], "properties": { "n": { "default": 3 } },
    })));
    assert_eq!(definition.input.as_ref().unwrap().validate(&json!({})).len(), 1);
}

#[test]
fn the_types_of_properties_are_known_to_who_reads_key_value_pairs() {
    let definition = compiled(&with_input(json!({
        "$defs": { "count": { "type": "integer" }, "alias": { "$ref": "#/$defs/count" } },
        "properties": {
            "s": { "type": "string" }, "n": { "type": ["null", "number"] }, "c": { "$ref": "#/$defs/alias" }, "any": {},
        },
    })));
    let schema = definition.input.as_ref().unwrap();
    assert_eq!(schema.property_type("s"), Some(PropertyType::String));
    assert_eq!(schema.property_type("n"), Some(PropertyType::Number));
    assert_eq!(schema.property_type("c"), Some(PropertyType::Integer));
    assert_eq!(schema.property_type("any"), None);
    assert_eq!(schema.property_type("other"), None);
    assert_eq!(schema.property_names().collect::<Vec<_>>(), ["any", "c", "n", "s"]);
}

#[test]
fn schemas_that_reach_out_or_never_end_are_refused() {
    for (schema, expected) in [
        (
            json!({ "$ref": "https://example.com/schema.json" }),
            "/input/$ref schema-reference",
        ),
        (json!({ "$ref": "file:///etc/passwd" }), "/input/$ref schema-reference"),
        (json!({ "$ref": "#/$defs/none" }), "/input/$ref schema-reference"),
        (json!({ "$ref": "#" }), "/input/$ref schema-recursive"),
        (
            json!({ "$defs": { "a": { "$ref": "#/$defs/a" } } }),
            "/input/$defs/a/$ref schema-recursive",
        ),
        (
            json!({ "properties": { "x": { "items": { "$ref": "#/properties/x" } } } }),
            "/input/properties/x/items/$ref schema-recursive",
        ),
        (
            json!({ "properties": { "default": { "$ref": "#" } } }),
            "/input/properties/default/$ref schema-recursive",
        ),
        (json!({ "$dynamicRef": "#x" }), "/input/$dynamicRef schema-reference"),
        (
            json!({ "$schema": "http://json-schema.org/draft-07/schema#" }),
            "/input/$schema schema-draft",
        ),
        (
            json!({ "properties": { "a": { "$id": "http://x/" } } }),
            "/input/properties/a/$id schema-reference",
        ),
        (json!({ "pattern": "(?=x)" }), "/input/pattern bad-schema"),
        (json!({ "pattern": "(a)\\1" }), "/input/pattern bad-schema"),
        (
            json!({ "pattern": "((a{100}){100}){100}" }),
            "/input/pattern bad-schema",
        ),
        (json!({ "pattern": "(" }), "/input/pattern bad-schema"),
    ] {
        let codes = codes_of(&with_input(schema.clone()));
        assert_eq!(codes, [expected], "{schema}");
    }
    // Two references to two references to …: small to write, 2^40 subschemas written out.
    let mut defs = serde_json::Map::new();
    defs.insert("d0".into(), json!({ "type": "string" }));
    for level in 1..12 {
        let below = format!("#/$defs/d{}", level - 1);
        defs.insert(
            format!("d{level}"),
            json!({ "allOf": [{ "$ref": below }, { "$ref": below }] }),
        );
    }
    let started = Instant::now();
    assert_eq!(
        codes_of(&with_input(json!({ "$defs": defs, "$ref": "#/$defs/d11" }))),
        ["/input schema-too-large"]
    );
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn what_one_check_may_cost_is_bounded() {
    let many: Vec<String> = (0..2500).map(|n| format!("x{n}")).collect();
    assert_eq!(
        codes_of(&with_input(json!({ "enum": many }))),
        ["/input schema-too-large"]
    );
    let patterns: Vec<Value> = (0..101).map(|n| json!({ "pattern": format!("a{{{n}}}") })).collect();
    assert_eq!(
        codes_of(&with_input(json!({ "anyOf": patterns }))),
        ["/input schema-too-large"]
    );

    let definition = compiled(&with_input(json!({ "items": { "type": "string" } })));
    let started = Instant::now();
    let errors = definition.input.as_ref().unwrap().validate(&json!(vec![1; 200_000]));
    assert_eq!(errors.len(), 100);
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn the_deepest_schema_fits_a_small_stack() {
    // A tokio worker has 2 MiB; half of it must do, in a debug build too.
    let deep = std::thread::Builder::new().stack_size(1024 * 1024).spawn(|| {
        let (mut schema, mut input) = (json!({ "type": "string" }), json!("x"));
        for _ in 0..14 {
            schema = json!({ "properties": { "a": schema } });
            input = json!({ "a": input });
        }
        let definition = compiled(&with_input(schema));
        assert_eq!(definition.input.as_ref().unwrap().validate(&input), []);
        let mut any = json!({ "type": "string" });
        for _ in 0..14 {
            any = json!({ "anyOf": [any] });
        }
        let definition = compiled(&with_input(any));
        assert_eq!(definition.input.as_ref().unwrap().validate(&json!(1)).len(), 1);
    });
    deep.unwrap().join().unwrap();
}

#[test]
fn patterns_run_in_linear_time() {
    let definition = compiled(&with_input(json!({ "properties": { "s": { "pattern": "^(a+)+$" } } })));
    let started = Instant::now();
    let errors = definition
        .input
        .as_ref()
        .unwrap()
        .validate(&json!({ "s": format!("{}!", "a".repeat(20_000)) }));
    assert_eq!(errors.len(), 1);
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}
