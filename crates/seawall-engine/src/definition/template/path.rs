//! Expressions that only look something up: `steps.files.output.0.name`. They are the common case and are answered from
//! the JSON itself, without minijinja and without converting anything.

use serde_json::Value;

use crate::datum::Datum;
use crate::definition::nearest::hint;
use crate::definition::scope::Scope;
use crate::names::StepId;

/// A root and the way down from it.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub(super) root: Root,
    pub(super) keys: Vec<Key>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Root {
    Input,
    Run(RunField),
    Step(StepId, StepField),
    Item,
    Index,
    /// One of the names that exist in some places only.
    Extra(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RunField {
    Id,
    CreatedAt,
    Attempt,
}

impl RunField {
    pub(super) const ALL: [(&'static str, Self); 3] = [
        ("id", Self::Id),
        ("created_at", Self::CreatedAt),
        ("attempt", Self::Attempt),
    ];
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StepField {
    Output,
    Status,
    Error,
}

impl StepField {
    pub(super) const ALL: [(&'static str, Self); 3] = [
        ("output", Self::Output),
        ("status", Self::Status),
        ("error", Self::Error),
    ];
}

#[derive(Clone, Debug)]
pub(super) enum Key {
    Name(Box<str>),
    Index(usize),
}

/// How many keys of an object are looked at for a hint.
const HINTED: usize = 200;

/// What a path starts from.
enum Start<'s> {
    Shared(&'s Datum),
    Fresh(Value),
}

impl Path {
    /// Looks it up and hands the value to `take`.
    pub(super) fn resolve<T>(
        &self,
        scope: &Scope,
        take: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Result<T, String> {
        let start = self.start(scope)?;
        let mut value = match &start {
            Start::Shared(datum) => datum.json(),
            Start::Fresh(value) => value,
        };
        for key in &self.keys {
            value = match (key, value) {
                (Key::Name(name), Value::Object(fields)) => fields.get(&**name).ok_or_else(|| {
                    format!(
                        "`{name}` is not defined{}",
                        hint(name, fields.keys().take(HINTED).map(String::as_str))
                    )
                })?,
                (Key::Index(index), Value::Array(items)) => items
                    .get(*index)
                    .ok_or_else(|| format!("there is no entry {index}: the list has {}", items.len()))?,
                (Key::Name(name), other) => return Err(format!("{} has no `{name}`", kind_of(other))),
                (Key::Index(index), other) => return Err(format!("{} has no entry {index}", kind_of(other))),
            };
        }
        take(value)
    }

    fn start<'s>(&self, scope: &'s Scope) -> Result<Start<'s>, String> {
        let not_here = |what: &str| format!("`{what}` is not defined here");
        Ok(match &self.root {
            Root::Input => Start::Shared(&scope.input),
            Root::Run(RunField::Id) => Start::Fresh(Value::String(scope.run.id.to_string())),
            Root::Run(RunField::CreatedAt) => Start::Fresh(Value::String(rfc3339(scope.run.created_at))),
            Root::Run(RunField::Attempt) => Start::Fresh(Value::from(scope.run.attempt)),
            Root::Item => Start::Shared(&scope.item.as_ref().ok_or_else(|| not_here("the map's variable"))?.value),
            Root::Index => Start::Fresh(Value::from(scope.item.as_ref().ok_or_else(|| not_here("index"))?.index)),
            Root::Extra(name) => {
                let extra = scope.extras.iter().find(|(extra, _)| extra == name);
                Start::Shared(&extra.ok_or_else(|| not_here(name))?.1)
            }
            Root::Step(id, field) => {
                let step = scope.steps.iter().find(|step| step.id == *id);
                let step = step.ok_or_else(|| not_here(&format!("steps.{id}")))?;
                match field {
                    StepField::Output => Start::Shared(&step.output),
                    StepField::Status => Start::Fresh(Value::from(step.status)),
                    StepField::Error => Start::Shared(&step.error),
                }
            }
        })
    }
}

/// RFC 3339, UTC, milliseconds.
pub(super) fn rfc3339(at: seawall_store::Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map(|at| format!("{at:.3}"))
        .unwrap_or_default()
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
