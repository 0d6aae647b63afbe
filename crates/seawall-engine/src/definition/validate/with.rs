//! A kind's `with`: its fields checked against their shapes and compiled.

use serde_json::Value;

use super::constants;
use super::fields::{Field, Shape};
use super::object::{Entry, Object, kind_of};
use super::parts::PartReferences;
use crate::definition::nearest::hint;
use crate::definition::place::Place;
use crate::definition::report::{Report, excerpt};
use crate::definition::template::{Compiling, Reference, Template, has_template, is_one_expression};
use crate::executor::FieldShape;

/// Compiles the templates of one step.
pub(super) struct Templates<'a> {
    pub(super) variable: Option<&'a str>,
    /// Other names that exist here.
    pub(super) extras: &'static [&'static str],
    pub(super) references: Vec<Reference>,
    pub(super) parts: PartReferences,
}

impl<'a> Templates<'a> {
    pub(super) const fn new(variable: Option<&'a str>) -> Self {
        Self {
            variable,
            extras: &[],
            references: Vec::new(),
            parts: PartReferences::none(),
        }
    }

    /// Those of a part of the same step.
    pub(super) const fn of_part(&self, extras: &'static [&'static str]) -> Self {
        Self {
            variable: self.variable,
            extras,
            references: Vec::new(),
            parts: PartReferences::none(),
        }
    }

    pub(super) fn compiling<'c>(&'c mut self, secrets: bool, report: &'c mut Report) -> Compiling<'c> {
        Compiling {
            variable: self.variable,
            extras: self.extras,
            secrets,
            before_run: false,
            references: &mut self.references,
            report,
        }
    }

    /// The field of that name in `with`, if it is there. Its shape is checked too.
    pub(super) fn field(
        &mut self,
        with: &Object<'_>,
        fields: &[Field],
        name: &str,
        report: &mut Report,
    ) -> Option<Template> {
        let field = fields.iter().find(|field| field.name == name)?;
        let entry = with.get(field.name)?;
        self.entry(&entry, field, report)
    }

    fn entry(&mut self, entry: &Entry<'_>, field: &Field, report: &mut Report) -> Option<Template> {
        let Shape::Template(shape) = field.shape else {
            return None;
        };
        check_shape(entry.value, shape, &entry.place, report);
        let mut compiling = self.compiling(field.secrets, report);
        Some(Template::compile(entry.value, &entry.place, &mut compiling))
    }

    /// All fields of `with` as one template of an object.
    pub(super) fn all(&mut self, with: &Object<'_>, fields: &[Field], report: &mut Report) -> Template {
        let mut compiled = Vec::new();
        for field in fields {
            if let Some(entry) = with.get(field.name)
                && let Some(template) = self.entry(&entry, field, report)
            {
                compiled.push((field.name.to_owned(), template));
            }
        }
        Template::object(compiled)
    }
}

/// Whether a literal has the shape. A template passes where it can give a value of the shape.
pub(super) fn check_shape(value: &Value, shape: FieldShape, place: &Place<'_>, report: &mut Report) {
    if let Value::String(text) = value
        && has_template(text)
    {
        let gives_text = matches!(
            shape,
            FieldShape::String | FieldShape::Bounded { .. } | FieldShape::Url | FieldShape::OneOf(_) | FieldShape::Any
        );
        if !gives_text && !is_one_expression(text) {
            let message = format!(
                "{} is expected here: write exactly one `{{{{ expression }}}}`, without text around it",
                expected(shape)
            );
            report.error(place, "wrong-type", message);
        }
        return;
    }
    match (shape, value) {
        (FieldShape::Any, _) | (FieldShape::String, Value::String(_)) | (FieldShape::Boolean, Value::Bool(_)) => {}
        (FieldShape::OneOf(choices), Value::String(text)) => {
            if !choices.contains(&text.as_str()) {
                let near = hint(text, choices.iter().copied());
                let (text, choices) = (excerpt(text), choices.join("`, `"));
                report.error(place, "unknown-value", format!("`{text}` is none of `{choices}`{near}"));
            }
        }
        (FieldShape::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => {}
        (FieldShape::Strings { min }, Value::Array(items)) => {
            if items.len() < min {
                report.error(place, "out-of-range", format!("the list has at least {min} entries"));
            }
            check_items(items, FieldShape::String, place, report);
        }
        (FieldShape::Integers, Value::Array(items)) => check_items(items, FieldShape::Integer, place, report),
        (FieldShape::Bounded { max }, Value::String(text)) => check_length(text, max, place, report),
        (FieldShape::Url, Value::String(text)) => {
            if let Err(why) = constants::url(text) {
                report.error(place, "bad-url", why.to_owned());
            }
        }
        (FieldShape::StringMap | FieldShape::Headers | FieldShape::Variables, Value::Object(fields)) => {
            for (name, field) in fields {
                check_entry(name, field, shape, &place.field(name), report);
            }
        }
        _ => {
            let is_text = matches!(shape, FieldShape::String | FieldShape::Bounded { .. } | FieldShape::Url);
            let quotes = match value {
                Value::Number(_) | Value::Bool(_) if is_text => "; write it in quotes",
                _ => "",
            };
            let message = format!("{} is expected here, not {}{quotes}", expected(shape), kind_of(value));
            report.error(place, "wrong-type", message);
        }
    }
}

pub(super) fn check_length(text: &str, max: usize, place: &Place<'_>, report: &mut Report) {
    if text.is_empty() {
        report.error(place, "empty", "it is empty");
    } else if text.len() > max {
        let message = format!("it is {} bytes long; at most {max} are allowed", text.len());
        report.error(place, "too-long", message);
    }
}

/// An entry of an object of strings.
fn check_entry(name: &str, value: &Value, shape: FieldShape, place: &Place<'_>, report: &mut Report) {
    let wrong = match shape {
        FieldShape::Headers => constants::header(name, value.as_str()),
        FieldShape::Variables => constants::variable(name),
        _ => Ok(()),
    };
    if let Err((code, why)) = wrong {
        report.error(place, code, format!("`{}` {why}", excerpt(name)));
    }
    check_shape(value, FieldShape::String, place, report);
}

fn check_items(items: &[Value], shape: FieldShape, place: &Place<'_>, report: &mut Report) {
    for (at, item) in items.iter().enumerate() {
        check_shape(item, shape, &place.item(at), report);
    }
}

const fn expected(shape: FieldShape) -> &'static str {
    match shape {
        FieldShape::String | FieldShape::Bounded { .. } | FieldShape::Url | FieldShape::OneOf(_) => "a string",
        FieldShape::Integer => "a whole number",
        FieldShape::Boolean => "a boolean",
        FieldShape::Any => "a value",
        FieldShape::Strings { .. } => "a list of strings",
        FieldShape::Integers => "a list of whole numbers",
        FieldShape::StringMap | FieldShape::Headers | FieldShape::Variables => "an object of strings",
    }
}
