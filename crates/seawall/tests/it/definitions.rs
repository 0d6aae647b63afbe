//! The page about definitions names every field, and its examples are valid.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::house::House;

const PAGE: &str = include_str!("../../../../docs/definitions.md");

#[test]
fn the_page_names_every_field_of_the_published_schema() {
    let house = House::new();
    let schema = house.run(&["schema", "workflow", "--json"]).expect(0).json();
    let mut fields = BTreeSet::new();
    collect(&schema, &mut fields);
    for known in ["steps", "argv", "accept_status", "max_attempts", "answer", "max_wait"] {
        assert!(
            fields.contains(known),
            "{known} was not found in the schema: {fields:?}"
        );
    }
    let missing: Vec<_> = fields
        .iter()
        .filter(|name| !PAGE.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "docs/definitions.md does not name {missing:?}");
}

/// The keys of all `properties`, at any depth. No field of a definition is itself called so.
fn collect(schema: &Value, fields: &mut BTreeSet<String>) {
    match schema {
        Value::Object(keywords) => {
            if let Some(Value::Object(properties)) = keywords.get("properties") {
                fields.extend(properties.keys().cloned());
            }
            keywords.values().for_each(|below| collect(below, fields));
        }
        Value::Array(items) => items.iter().for_each(|below| collect(below, fields)),
        _ => {}
    }
}

#[test]
fn the_examples_on_the_page_are_valid() {
    let house = House::new();
    let blocks = PAGE.split("```yaml\n").skip(1);
    let examples: Vec<&str> = blocks.map(|block| block.split("\n```").next().unwrap()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        house.write("example.yaml", example);
        house.run(&["workflows", "validate", "example.yaml"]).expect(0);
    }
}
