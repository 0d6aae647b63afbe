//! An object of a definition, opened through its table: unknown, missing, excluded and misshapen fields are reported here.

use std::time::Duration;

use serde_json::{Map, Value};

use super::fields::{Field, Shape};
use crate::definition::duration::parse_duration;
use crate::definition::nearest::hint;
use crate::definition::place::Place;
use crate::definition::report::{Report, excerpt};

/// What an object may hold.
pub(super) struct Table<'t> {
    /// As in "… has no field `x`".
    pub(super) what: &'t str,
    pub(super) fields: &'t [Field],
    /// Fields of later versions: refused, never ignored.
    pub(super) later: &'t [&'t str],
    /// Fields that belong elsewhere, and where.
    pub(super) misplaced: (&'t [Field], &'t str),
}

impl<'t> Table<'t> {
    pub(super) const fn new(what: &'t str, fields: &'t [Field]) -> Self {
        Self {
            what,
            fields,
            later: &[],
            misplaced: (&[], ""),
        }
    }
}

/// An object and its place.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    fields: &'a Map<String, Value>,
    pub(super) place: &'a Place<'a>,
}

/// Where a field stands and what is there.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) value: &'a Value,
    pub(super) place: Place<'a>,
}

impl<'a> Object<'a> {
    /// None, and reported, when the value is no object.
    pub(super) fn open(value: &'a Value, place: &'a Place<'a>, table: &Table<'_>, report: &mut Report) -> Option<Self> {
        let Value::Object(fields) = value else {
            report.error(
                place,
                "wrong-type",
                format!("{} is an object, not {}", table.what, kind_of(value)),
            );
            return None;
        };
        for (name, _) in fields {
            if !table.fields.iter().any(|field| field.name == name) && report.has_room() {
                report_unknown(name, place, table, report);
            }
        }
        for field in table.fields {
            let present = fields.contains_key(field.name);
            if field.required && !present {
                report.error(
                    &place.field(field.name),
                    "missing-field",
                    format!("{} needs the field `{}`", table.what, field.name),
                );
            }
            if let Some(other) = field.excludes
                && present
                && fields.contains_key(other)
                && field.name < other
            {
                report.error(
                    &place.field(field.name),
                    "conflicting-fields",
                    format!("`{}` and `{other}` exclude each other", field.name),
                );
            }
        }
        Some(Self { fields, place })
    }

    pub(super) fn get(&self, name: &'a str) -> Option<Entry<'a>> {
        self.fields.get(name).map(|value| Entry {
            value,
            place: self.place.field(name),
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }
}

fn report_unknown(name: &str, place: &Place<'_>, table: &Table<'_>, report: &mut Report) {
    let place = place.field(name);
    let shown = excerpt(name);
    if table.later.contains(&name) {
        let message = format!("`{shown}` is not supported by this version");
        report.error(&place, "not-supported-yet", message);
        return;
    }
    let (misplaced, reason) = table.misplaced;
    if misplaced.iter().any(|field| field.name == name) {
        let message = format!("{} has no field `{shown}`: {reason}", table.what);
        report.error(&place, "not-allowed-here", message);
        return;
    }
    let near = hint(name, table.fields.iter().map(|field| field.name));
    report.error(
        &place,
        "unknown-field",
        format!("{} has no field `{shown}`{near}", table.what),
    );
}

impl<'a> Entry<'a> {
    fn wrong(&self, report: &mut Report, expected: &str) {
        let found = kind_of(self.value);
        report.error(
            &self.place,
            "wrong-type",
            format!("{expected} is expected here, not {found}"),
        );
    }

    /// The field of that name, if an object with it stands here.
    pub(super) fn field(&'a self, name: &'a str) -> Option<Entry<'a>> {
        let value = self.value.get(name)?;
        Some(Entry {
            value,
            place: self.place.field(name),
        })
    }

    pub(super) fn text(&self, report: &mut Report) -> Option<&'a str> {
        let text = self.value.as_str();
        if text.is_none() {
            self.wrong(report, "a string");
        }
        text
    }

    /// A duration between the two bounds.
    pub(super) fn duration(&self, least: Duration, most: Duration, report: &mut Report) -> Option<Duration> {
        let Value::String(text) = self.value else {
            self.wrong(report, "a duration like `30s`");
            return None;
        };
        match parse_duration(text) {
            Ok(duration) if duration < least || duration > most => {
                let (least, most) = (show(least), show(most));
                let message = format!("the duration must be between {least} and {most}");
                report.error(&self.place, "out-of-range", message);
                None
            }
            Ok(duration) => Some(duration),
            Err(error) => {
                let text = excerpt(text);
                report.error(&self.place, "bad-duration", format!("`{text}`: {error}"));
                None
            }
        }
    }

    pub(super) fn whole(&self, least: u64, most: u64, report: &mut Report) -> Option<u64> {
        let Some(number) = self.value.as_u64() else {
            if self.value.is_number() {
                report.error(
                    &self.place,
                    "out-of-range",
                    format!("a whole number from {least} to {most} is expected"),
                );
            } else {
                self.wrong(report, "a whole number");
            }
            return None;
        };
        if number < least || number > most {
            report.error(
                &self.place,
                "out-of-range",
                format!("the number must be from {least} to {most}"),
            );
            return None;
        }
        Some(number)
    }

    pub(super) fn factor(&self, least: f64, most: f64, report: &mut Report) -> Option<f64> {
        let Some(number) = self.value.as_f64() else {
            self.wrong(report, "a number");
            return None;
        };
        if number < least || number > most {
            report.error(
                &self.place,
                "out-of-range",
                format!("the number must be from {least} to {most}"),
            );
            return None;
        }
        Some(number)
    }

    pub(super) fn choice(&self, choices: &[&'static str], report: &mut Report) -> Option<&'static str> {
        let text = self.text(report)?;
        let chosen = choices.iter().find(|choice| **choice == text).copied();
        if chosen.is_none() {
            let near = hint(text, choices.iter().copied());
            let (shown, choices) = (excerpt(text), choices.join("`, `"));
            report.error(
                &self.place,
                "unknown-value",
                format!("`{shown}` is none of `{choices}`{near}"),
            );
        }
        chosen
    }

    /// The entries of an array.
    pub(super) fn items(&self, report: &mut Report) -> Option<&'a [Value]> {
        let items = self.value.as_array().map(Vec::as_slice);
        if items.is_none() {
            self.wrong(report, "a list");
        }
        items
    }
}

/// The bounds in the table of the field of that name.
pub(super) fn shape_of(table: &[Field], name: &str) -> Option<Shape> {
    table.iter().find(|field| field.name == name).map(|field| field.shape)
}

pub(super) const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A duration in its largest whole unit.
fn show(duration: Duration) -> String {
    let millis = duration.as_millis();
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] {
        if millis >= length && millis.is_multiple_of(length) {
            return format!("{}{unit}", millis / length);
        }
    }
    format!("{millis}ms")
}
