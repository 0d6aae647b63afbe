//! The JSON Schema of a run's input.

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::definition::place::push_token;
use crate::definition::report::excerpt;
use crate::definition::schema_bounds::{SchemaProblem, check_bounds};

/// A compiled JSON Schema 2020-12.
///
/// References are local and not circular, patterns run in linear time, `format` is an annotation, and `default` is one too:
/// what a run gets is what was sent.
pub struct InputSchema {
    schema: Value,
    validator: Validator,
}

/// What is wrong with an input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InputError {
    /// JSON Pointer, starting with `/input`. Of a missing or unexpected property: where it is missing or stands.
    pub pointer: String,
    /// Names no value: inputs may be secret.
    pub message: String,
    /// The schema's keyword in kebab-case: `required`, `type`, `additional-properties`, …
    pub code: String,
}

/// The type of a top-level property.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PropertyType {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl PropertyType {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }
}

/// The compiled size of one pattern, and of what its matcher caches, in bytes.
const PATTERN_BYTES: usize = 256 * 1024;
/// The most errors about one input.
const MOST_ERRORS: usize = 100;

impl InputSchema {
    pub(super) fn compile(schema: &Value) -> Result<Self, Vec<SchemaProblem>> {
        if !schema.is_object() {
            return Err(vec![SchemaProblem::new("", "wrong-type", "a JSON Schema is an object")]);
        }
        let problems = check_bounds(schema);
        if !problems.is_empty() {
            return Err(problems);
        }
        let problems = against_meta_schema(schema);
        if !problems.is_empty() {
            return Err(problems);
        }
        let patterns = PatternOptions::regex()
            .size_limit(PATTERN_BYTES)
            .dfa_size_limit(PATTERN_BYTES);
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .offline()
            .with_pattern_options(patterns)
            .build(schema)
            .map_err(|error| {
                let pointer = error.instance_path().to_string();
                let message = match error.kind() {
                    ValidationErrorKind::Format { .. } | ValidationErrorKind::Pattern { .. } => format!(
                        "{}; patterns are regular expressions without look-around and back-references",
                        excerpt(&error.to_string())
                    ),
                    _ => excerpt(&error.to_string()),
                };
                vec![SchemaProblem::new(pointer, "bad-schema", message)]
            })?;
        Ok(Self {
            schema: schema.clone(),
            validator,
        })
    }

    /// What is wrong with `input`; nothing when it fits. At most 100 errors.
    #[must_use]
    pub fn validate(&self, input: &Value) -> Vec<InputError> {
        if self.validator.is_valid(input) {
            return Vec::new();
        }
        let mut errors = Vec::new();
        for error in self.validator.iter_errors(input) {
            if errors.len() >= MOST_ERRORS {
                break;
            }
            describe(&error, &mut errors);
        }
        errors.truncate(MOST_ERRORS);
        errors
    }

    /// The schema as it was written.
    #[must_use]
    pub const fn schema(&self) -> &Value {
        &self.schema
    }

    /// The names of the top-level properties.
    pub fn property_names(&self) -> impl Iterator<Item = &str> {
        let properties = self.schema.get("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flat_map(|fields| fields.keys().map(String::as_str))
    }

    /// The type of a top-level property, where the schema says one; of several the first that is not null.
    #[must_use]
    pub fn property_type(&self, name: &str) -> Option<PropertyType> {
        let mut property = self.schema.get("properties")?.get(name)?;
        // References are not circular, so this ends.
        while let Some(target) = property.get("$ref").and_then(Value::as_str) {
            property = self.schema.pointer(target.strip_prefix('#')?)?;
        }
        match property.get("type")? {
            Value::String(name) => PropertyType::parse(name),
            Value::Array(names) => names
                .iter()
                .filter_map(|name| PropertyType::parse(name.as_str()?))
                .find(|kind| *kind != PropertyType::Null),
            _ => None,
        }
    }
}

fn against_meta_schema(schema: &Value) -> Vec<SchemaProblem> {
    jsonschema::draft202012::meta::validator()
        .iter_errors(schema)
        .take(20)
        .map(|error| {
            let message = excerpt(&error.masked_with("this").to_string());
            SchemaProblem::new(error.instance_path().to_string(), "bad-schema", message)
        })
        .collect()
}

/// One error of the validator; several when it speaks of several properties.
fn describe(error: &ValidationError<'_>, errors: &mut Vec<InputError>) {
    let base = format!("/input{}", error.instance_path());
    let code = kebab(error.kind().keyword());
    let mut push = |token: Option<&str>, message: String| {
        let mut pointer = base.clone();
        if let Some(token) = token {
            push_token(&mut pointer, token);
        }
        errors.push(InputError {
            pointer,
            message,
            code: code.clone(),
        });
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            push(Some(name), format!("`{}` is missing", excerpt(name)));
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            for name in unexpected.iter().take(MOST_ERRORS) {
                push(Some(name), format!("`{}` is not expected here", excerpt(name)));
            }
        }
        _ => push(None, excerpt_of(&error.masked_with("the value").to_string())),
    }
}

/// Longer than an excerpt: the choices of an enum may be listed.
fn excerpt_of(message: &str) -> String {
    message.chars().take(300).collect()
}

/// `additionalProperties` => `additional-properties`.
fn kebab(keyword: &str) -> String {
    let mut code = String::with_capacity(keyword.len() + 4);
    for c in keyword.chars() {
        if c.is_ascii_uppercase() {
            code.push('-');
        }
        code.push(c.to_ascii_lowercase());
    }
    code
}
