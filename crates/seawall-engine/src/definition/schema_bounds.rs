//! What a run may cost to be checked against its schema, bounded before the schema is compiled.
//!
//! A schema that refers to itself, or to parts that refer twice to parts that refer twice, makes validation exponential. So
//! references are local, never circular, and the schema written out (each `$ref` replaced by what it means) has at most
//! [`MOST_NODES`] subschemas.

use std::collections::HashMap;

use serde_json::Value;

use crate::definition::place::{push_token, tokens};
use crate::definition::report::excerpt;

/// The most subschemas of a schema, written out; the entries of an `enum` count too. Checking an input costs at most this
/// times its size.
const MOST_NODES: u64 = 2000;
/// The most patterns: each may take [`super::schema_check`]'s bound in memory.
const MOST_PATTERNS: usize = 100;
/// The deepest nesting of a schema, written out.
const DEEPEST: usize = 64;

/// What is wrong with a schema, and where in it.
#[derive(Debug)]
pub(super) struct SchemaProblem {
    pub(super) pointer: String,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl SchemaProblem {
    pub(super) fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            message: message.into(),
        }
    }
}

/// Reports what would make checking unbounded.
pub(super) fn check_bounds(schema: &Value) -> Vec<SchemaProblem> {
    let mut walk = Walk {
        root: schema,
        sizes: HashMap::new(),
        patterns: 0,
        problems: Vec::new(),
    };
    let nodes = walk.schema(schema, "", 0);
    if nodes > MOST_NODES && walk.problems.is_empty() {
        let message = format!("the schema, with every `$ref` written out, has more than {MOST_NODES} subschemas");
        walk.problems.push(SchemaProblem::new("", "schema-too-large", message));
    }
    if walk.patterns > MOST_PATTERNS {
        let message = format!("the schema has more than {MOST_PATTERNS} patterns");
        walk.problems.push(SchemaProblem::new("", "schema-too-large", message));
    }
    walk.problems
}

struct Walk<'s> {
    root: &'s Value,
    /// By reference: None while it is being followed.
    sizes: HashMap<&'s str, Option<u64>>,
    patterns: usize,
    problems: Vec<SchemaProblem>,
}

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Keywords whose values are no schemas.
const PLAIN: [&str; 4] = ["enum", "const", "default", "examples"];
/// Keywords whose values are objects of schemas by name.
const NAMED: [&str; 5] = [
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
];

impl<'s> Walk<'s> {
    fn problem(&mut self, pointer: &str, code: &'static str, message: impl Into<String>) {
        const MOST: usize = 50;
        if self.problems.len() < MOST {
            self.problems.push(SchemaProblem::new(pointer, code, message));
        }
    }

    /// The number of subschemas below and including this one.
    fn schema(&mut self, value: &'s Value, pointer: &str, depth: usize) -> u64 {
        if depth > DEEPEST {
            self.problem(
                pointer,
                "schema-too-large",
                format!("the schema nests deeper than {DEEPEST}"),
            );
            return 1;
        }
        let mut nodes: u64 = 1;
        let mut add = |more: u64| nodes = nodes.saturating_add(more);
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    let below = join(pointer, name);
                    match (name.as_str(), field) {
                        ("$ref", Value::String(target)) => add(self.reference(target, &below, depth)),
                        ("$dynamicRef" | "$recursiveRef", Value::String(_)) => {
                            self.problem(&below, "schema-reference", "dynamic references are not supported");
                        }
                        ("$id", Value::String(_)) if !pointer.is_empty() => {
                            self.problem(
                                &below,
                                "schema-reference",
                                "`$id` can stand only at the top of the schema",
                            );
                        }
                        ("$schema", Value::String(draft)) if draft.trim_end_matches('#') != DRAFT => {
                            self.problem(&below, "schema-draft", "schemas are JSON Schema 2020-12");
                        }
                        ("enum", Value::Array(choices)) => add(choices.len() as u64),
                        (name, _) if PLAIN.contains(&name) => {}
                        ("pattern", Value::String(_)) => self.patterns += 1,
                        (name, Value::Object(schemas)) if NAMED.contains(&name) => {
                            if name == "patternProperties" {
                                self.patterns += schemas.len();
                            }
                            for (name, schema) in schemas {
                                add(self.schema(schema, &join(&below, name), depth + 1));
                            }
                        }
                        (_, Value::Object(_) | Value::Array(_)) => add(self.schema(field, &below, depth + 1)),
                        _ => {}
                    }
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    if item.is_object() || item.is_array() {
                        add(self.schema(item, &format!("{pointer}/{at}"), depth + 1));
                    }
                }
            }
            _ => {}
        }
        nodes
    }

    fn reference(&mut self, target: &'s str, pointer: &str, depth: usize) -> u64 {
        match self.sizes.get(target) {
            Some(Some(size)) => return *size,
            Some(None) => {
                let target = excerpt(target);
                self.problem(
                    pointer,
                    "schema-recursive",
                    format!("the schema refers to itself through `{target}`; recursive schemas are not supported"),
                );
                return 1;
            }
            None => {}
        }
        let Some(value) = self.resolve(target) else {
            let target = excerpt(target);
            self.problem(
                pointer,
                "schema-reference",
                format!("`{target}` is not in this schema; references look like `#/$defs/name`"),
            );
            return 1;
        };
        // What refers to the whole schema is in it, so it refers to itself.
        self.sizes.insert(target, None);
        let from = target.trim_start_matches('#').to_owned();
        let size = if from.is_empty() {
            self.problem(
                pointer,
                "schema-recursive",
                "the schema refers to itself; recursive schemas are not supported",
            );
            1
        } else {
            self.schema(value, &from, depth + 1)
        };
        self.sizes.insert(target, Some(size));
        size
    }

    /// The subschema at `#/…`.
    fn resolve(&self, target: &str) -> Option<&'s Value> {
        let pointer = target.strip_prefix('#')?;
        if pointer.contains('%') || !(pointer.is_empty() || pointer.starts_with('/')) {
            return None;
        }
        let mut value = self.root;
        for token in tokens(pointer) {
            value = match value {
                Value::Object(fields) => fields.get(&token)?,
                Value::Array(items) => items.get(token.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(value)
    }
}

fn join(pointer: &str, token: &str) -> String {
    let mut joined = pointer.to_owned();
    push_token(&mut joined, token);
    joined
}
