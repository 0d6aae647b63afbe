//! The published JSON Schema of definitions, made from the validator's own tables.
//!
//! It says what can be said of one place: fields, types, bounds. What spans places (unknown and cyclic `needs`, references,
//! templates) only the validator knows.

use serde_json::{Map, Value, json};

use crate::definition::validate::{
    COMPENSATION, CORE_KINDS, Field, ITEM_STEP, Nature, RECONCILIATION, ROOT, STEP, Shape,
};
use crate::executor::{FieldShape, Registry};

/// JSON Schema 2020-12 of definitions, with the kinds of this registry.
#[must_use]
pub fn workflow_schema(registry: &Registry) -> Value {
    let kinds = Kinds::of(registry);
    let mut schema = object(ROOT, &kinds);
    let attempted = |kind: &KindSchema| kind.nature == Nature::Attempt;
    let defs = json!({
        "step": step(STEP, &kinds, |_| true),
        "item_step": step(ITEM_STEP, &kinds, |kind| kind.nature != Nature::Fan),
        "compensation": step(COMPENSATION, &kinds, |kind| attempted(kind) || kind.name == "workflow"),
        "reconciliation": step(RECONCILIATION, &kinds, attempted),
    });
    if let Value::Object(fields) = &mut schema {
        fields.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        fields.insert("title".into(), json!("Seawall workflow definition"));
        fields.insert("$defs".into(), defs);
    }
    schema
}

/// One kind: its name, what its `with` holds, and how it behaves.
struct KindSchema {
    name: String,
    nature: Nature,
    fields: Vec<Field>,
    doc: String,
}

struct Kinds(Vec<KindSchema>);

impl Kinds {
    fn of(registry: &Registry) -> Self {
        let core = CORE_KINDS.iter().map(|kind| KindSchema {
            name: kind.name.to_owned(),
            nature: kind.nature,
            fields: kind.fields.to_vec(),
            doc: kind.doc.to_owned(),
        });
        let effects = registry
            .specs()
            .filter(|spec| !CORE_KINDS.iter().any(|core| core.name == spec.kind));
        let effects = effects.map(|spec| KindSchema {
            name: spec.kind.to_owned(),
            nature: Nature::Attempt,
            fields: spec.fields.iter().map(Field::of_kind).collect(),
            doc: spec.doc.to_owned(),
        });
        Self(core.chain(effects).collect())
    }
}

/// A step: its common fields, and for each kind what `with` holds and which fields it does not have.
fn step(fields: &[Field], kinds: &Kinds, allowed: impl Fn(&KindSchema) -> bool) -> Value {
    let mut schema = object(fields, kinds);
    let possible = || kinds.0.iter().filter(|kind| allowed(kind));
    let names: Vec<&str> = possible().map(|kind| kind.name.as_str()).collect();
    let cases: Vec<Value> = possible().map(|kind| case(kind, kinds)).collect();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert(
            "kind".into(),
            json!({ "enum": names, "description": "What the step does." }),
        );
    }
    if let Value::Object(schema) = &mut schema {
        schema.insert("allOf".into(), Value::Array(cases));
    }
    schema
}

fn case(kind: &KindSchema, kinds: &Kinds) -> Value {
    let mut with = object(&kind.fields, kinds);
    if let Value::Object(with) = &mut with {
        with.insert("description".into(), json!(kind.doc));
    }
    let mut required = vec!["kind"];
    if kind.name == "sleep" {
        with["oneOf"] = json!([{ "required": ["for"] }, { "required": ["until"] }]);
        required.push("with");
    } else if kind.fields.iter().any(|field| field.required) {
        required.push("with");
    }
    let mut properties = Map::new();
    properties.insert("with".into(), with);
    let refused: &[&str] = match kind.nature {
        Nature::Attempt => &[],
        Nature::Fan => &["effect", "reconcile"],
        Nature::Wait => &["effect", "retry", "reconcile"],
        Nature::Immediate => &["effect", "retry", "timeout", "compensate", "reconcile"],
    };
    for name in refused {
        properties.insert((*name).to_owned(), Value::Bool(false));
    }
    json!({
        "if": { "properties": { "kind": { "const": kind.name } }, "required": ["kind"] },
        "then": { "properties": properties, "required": required },
    })
}

fn object(fields: &[Field], kinds: &Kinds) -> Value {
    let mut properties = Map::new();
    let mut exclusions = Vec::new();
    for field in fields {
        let mut schema = shape(field.shape, kinds);
        if let Value::Object(schema) = &mut schema {
            schema.insert("description".into(), json!(field.doc));
        }
        properties.insert(field.name.to_owned(), schema);
        if let Some(other) = field.excludes
            && field.name < other
        {
            exclusions.push(json!({ "not": { "required": [field.name, other] } }));
        }
    }
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if !exclusions.is_empty() {
        schema["allOf"] = Value::Array(exclusions);
    }
    schema
}

const TEMPLATE: &str = r"\{\{";
const RATE: &str = "^(0|0*[1-9][0-9]{0,6}/(s|min|h))$";
const URL: &str = r"^\s*[hH][tT][tT][pP][sS]?:[/\\]*[^/\\?#@]+([/\\?#]|$)";
const HEADER: &str = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
const DURATION: &str = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";

fn shape(shape: Shape, kinds: &Kinds) -> Value {
    match shape {
        Shape::Template(shape) => template(shape),
        Shape::Name => json!({
            "type": "string", "pattern": "^[a-z0-9-]{1,63}$", "not": { "enum": ["run", "validate"] },
        }),
        Shape::StepId => json!({ "type": "string", "pattern": "^[a-z0-9_-]{1,63}$" }),
        Shape::Kind | Shape::Text => json!({ "type": "string" }),
        Shape::Duration(..) => json!({ "type": "string", "minLength": 2, "pattern": DURATION }),
        Shape::Variable => json!({ "type": "string", "pattern": "^[a-z_][a-z0-9_]{0,62}$" }),
        Shape::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::Factor(least, most) => json!({ "type": "number", "minimum": least, "maximum": most }),
        Shape::Choice(choices) => json!({ "enum": choices }),
        Shape::Codes => json!({
            "type": "array", "minItems": 1, "maxItems": 32,
            "items": { "type": "string", "maxLength": 64, "pattern": r"^[a-z][a-z0-9-]*\*?$" },
        }),
        Shape::StepIds => json!({
            "type": "array", "uniqueItems": true,
            "items": { "type": "string", "pattern": "^[a-z0-9_-]{1,63}$" },
        }),
        Shape::Condition => json!({ "anyOf": [{ "type": "boolean" }, { "type": "string", "pattern": TEMPLATE }] }),
        Shape::OnError => json!({ "anyOf": [{ "enum": ["fail", "continue"] }, object(&[Field::VALUE], kinds)] }),
        Shape::Schema => json!({ "$ref": "https://json-schema.org/draft/2020-12/schema", "type": "object" }),
        Shape::Object(fields) => object(fields, kinds),
        Shape::With => json!({ "type": "object" }),
        Shape::Steps => json!({
            "type": "array", "minItems": 1, "maxItems": 1000, "items": { "$ref": "#/$defs/step" },
        }),
        Shape::Concurrency(fields) => {
            let mut either = vec![json!({ "type": "integer", "minimum": 1, "maximum": 10_000 })];
            either.push(object(fields, kinds));
            json!({ "anyOf": either })
        }
        Shape::Rate => json!({ "anyOf": [{ "type": "string", "pattern": RATE }, { "const": 0 }] }),
        Shape::RateLimit(fields) => {
            json!({ "anyOf": [{ "type": "string", "pattern": RATE }, { "const": 0 }, object(fields, kinds)] })
        }
        Shape::Answer(fields) => {
            json!({ "anyOf": [object(fields, kinds), { "type": "string", "pattern": TEMPLATE }] })
        }
        Shape::Priority => json!({ "anyOf": [
            { "type": "integer", "minimum": -100, "maximum": 100 }, { "type": "string", "pattern": TEMPLATE },
        ] }),
        Shape::ItemStep => json!({ "$ref": "#/$defs/item_step" }),
        Shape::Compensation => json!({ "$ref": "#/$defs/compensation" }),
        Shape::Reconciliation => json!({ "$ref": "#/$defs/reconciliation" }),
    }
}

/// A literal of the shape, or a template in its place.
fn template(shape: FieldShape) -> Value {
    let literal = match shape {
        FieldShape::Any => return json!({}),
        FieldShape::String => return json!({ "type": "string" }),
        FieldShape::Bounded { max } => json!({ "type": "string", "minLength": 1, "maxLength": max }),
        FieldShape::Url => json!({ "type": "string", "pattern": URL }),
        FieldShape::OneOf(choices) => json!({ "enum": choices }),
        FieldShape::Integer => json!({ "type": "integer" }),
        FieldShape::Boolean => json!({ "type": "boolean" }),
        FieldShape::Strings { min } => json!({ "type": "array", "minItems": min, "items": { "type": "string" } }),
        FieldShape::Integers => json!({ "type": "array", "items": template(FieldShape::Integer) }),
        FieldShape::StringMap => json!({
            "type": "object", "additionalProperties": { "type": "string" },
        }),
        FieldShape::Headers => json!({
            "type": "object", "additionalProperties": { "type": "string" }, "propertyNames": { "pattern": HEADER },
        }),
        FieldShape::Variables => json!({
            "type": "object", "additionalProperties": { "type": "string" }, "propertyNames": { "pattern": "^[^=]+$" },
        }),
    };
    json!({ "anyOf": [literal, { "type": "string", "pattern": TEMPLATE }] })
}
