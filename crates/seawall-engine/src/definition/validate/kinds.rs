//! The kinds that the engine itself carries out.

use std::ops::RangeInclusive;
use std::time::Duration;

use seawall_store::QueueName;
use serde_json::Value;

use super::core_kinds::CoreKind;
use super::fields::{Field, Shape};
use super::object::{Entry, Object, shape_of};
use super::policy::bounded_duration;
use super::step::{Own, Steps};
use super::with::Templates;
use crate::definition::duration::parse_duration;
use crate::definition::model::{
    Approval, ApprovalTimeout, ChildWorkflow, ItemErrors, Kind, MapStep, SleepTime, TaskStep,
};
use crate::definition::report::excerpt;
use crate::definition::template::{Template, has_template, is_one_expression, is_reserved_name};
use crate::effect::EffectClass;

/// What a kind is built from.
pub(super) struct Input<'a, 'o> {
    pub(super) with: Object<'a>,
    pub(super) fields: &'o [Field],
    pub(super) own: &'o Own,
}

/// A kind, its effect class, and the timeout in its `with`.
pub(super) struct Built {
    pub(super) kind: Kind,
    pub(super) timeout: Option<Duration>,
    pub(super) effect: EffectClass,
}

impl Built {
    const fn pure(kind: Kind) -> Self {
        Self {
            kind,
            timeout: None,
            effect: EffectClass::Pure,
        }
    }
}

/// How many items are in work at once, when nobody says.
const MAX_PARALLEL: u32 = 16;
/// The most items of a map.
const MAX_ITEMS: usize = 10_000;
const MAX_TASK_KEY: usize = 256;
const PRIORITIES: RangeInclusive<i64> = -100..=100;

impl Steps<'_> {
    pub(super) fn core_kind(
        &mut self,
        core: &CoreKind,
        input: &Input<'_, '_>,
        templates: &mut Templates<'_>,
    ) -> Option<Built> {
        match core.name {
            "transform" => Some(Built {
                kind: Kind::Transform {
                    value: self.field(input, templates, "value")?,
                },
                timeout: None,
                effect: input.own.effect.unwrap_or(EffectClass::Pure),
            }),
            "map" => self.map(input, templates),
            "sleep" => self.sleep(input, templates),
            "wait_signal" => {
                let timeout = self.wait_timeout(input);
                let name = self.field(input, templates, "name")?;
                Some(Built {
                    timeout,
                    ..Built::pure(Kind::WaitSignal { name })
                })
            }
            "approval" => self.approval(input, templates),
            "workflow" => self.workflow(input, templates),
            "task" => self.task(input, templates),
            "fail" => Some(Built::pure(Kind::Fail {
                message: self.field(input, templates, "message")?,
            })),
            _ => None,
        }
    }

    fn field(&mut self, input: &Input<'_, '_>, templates: &mut Templates<'_>, name: &str) -> Option<Template> {
        templates.field(&input.with, input.fields, name, self.report)
    }

    fn map(&mut self, input: &Input<'_, '_>, templates: &mut Templates<'_>) -> Option<Built> {
        let over = self.field(input, templates, "over");
        if let Some(entry) = input.with.get("over") {
            self.check_list(&entry);
        }
        let variable = input.with.get("as").map_or(Some("item"), |entry| self.variable(&entry));
        let max_parallel = match (input.with.get("max_parallel"), shape_of(input.fields, "max_parallel")) {
            (Some(entry), Some(Shape::Whole(least, most))) => entry.whole(least, most, self.report)?.try_into().ok()?,
            _ => MAX_PARALLEL,
        };
        let on_item_error = match self.choice(input, "on_item_error") {
            Some("collect") => ItemErrors::Collect,
            _ => ItemErrors::Fail,
        };
        let inner = input.with.get("step")?;
        let mut inner_templates = Templates::new(Some(variable.unwrap_or("item")));
        let step = self.item_step(&inner, input.own, &mut inner_templates);
        templates.references.append(&mut inner_templates.references);
        templates.parts.item_compensate = inner_templates.parts.compensate;
        templates.parts.reconcile = inner_templates.parts.reconcile;
        let step = step?;
        Some(Built {
            effect: step.effect,
            timeout: None,
            kind: Kind::Map(Box::new(MapStep {
                over: over?,
                variable: variable?.into(),
                max_parallel,
                on_item_error,
                step,
            })),
        })
    }

    fn check_list(&mut self, entry: &Entry<'_>) {
        let fits = match entry.value {
            Value::String(text) => has_template(text) && is_one_expression(text),
            Value::Array(items) if items.len() > MAX_ITEMS => {
                let message = format!("a map has at most {MAX_ITEMS} items");
                self.report.error(&entry.place, "out-of-range", message);
                true
            }
            Value::Array(_) => true,
            _ => false,
        };
        if !fits {
            let message = "`over` is a list, or exactly one `{{ expression }}` that gives one";
            self.report.error(&entry.place, "wrong-type", message);
        }
    }

    fn variable<'v>(&mut self, entry: &Entry<'v>) -> Option<&'v str> {
        let name = entry.text(self.report)?;
        let fits = (1..=63).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !fits || is_reserved_name(name) {
            let name = excerpt(name);
            let why = if fits {
                "that name has a meaning already"
            } else {
                "1 to 63 of a-z, 0-9 and `_`, not starting with a digit"
            };
            let message = format!("`{name}` is no name for the map's variable: {why}");
            self.report.error(&entry.place, "bad-variable", message);
            return None;
        }
        Some(name)
    }

    fn choice(&mut self, input: &Input<'_, '_>, name: &'static str) -> Option<&'static str> {
        match (input.with.get(name), shape_of(input.fields, name)) {
            (Some(entry), Some(Shape::Choice(choices))) => entry.choice(choices, self.report),
            _ => None,
        }
    }

    fn sleep(&mut self, input: &Input<'_, '_>, templates: &mut Templates<'_>) -> Option<Built> {
        let time = self.field(input, templates, "for").map(SleepTime::For);
        let until = self.field(input, templates, "until").map(SleepTime::Until);
        if let Some((entry, text)) = literal(input, "for")
            && let Err(error) = parse_duration(text)
        {
            let message = format!("`{}`: {error}", excerpt(text));
            self.report.error(&entry.place, "bad-duration", message);
        }
        if let Some((entry, text)) = literal(input, "until")
            && text.parse::<jiff::Timestamp>().is_err()
        {
            let message = format!("`{}` is no RFC 3339 instant like `2030-01-31T08:00:00Z`", excerpt(text));
            self.report.error(&entry.place, "bad-instant", message);
        }
        if !input.with.has("for") && !input.with.has("until") {
            let message = "`with` of sleep needs `for` or `until`";
            self.report.error(input.with.place, "missing-field", message);
        }
        time.or(until).map(|time| Built::pure(Kind::Sleep(time)))
    }

    fn approval(&mut self, input: &Input<'_, '_>, templates: &mut Templates<'_>) -> Option<Built> {
        let timeout = self.wait_timeout(input);
        let deciders = self.field(input, templates, "deciders");
        let on_timeout = match self.choice(input, "on_timeout") {
            Some("approve") => ApprovalTimeout::Approve,
            Some("reject") => ApprovalTimeout::Reject,
            _ => ApprovalTimeout::Fail,
        };
        let message = self.field(input, templates, "message")?;
        Some(Built {
            timeout,
            ..Built::pure(Kind::Approval(Approval {
                message,
                deciders,
                on_timeout,
            }))
        })
    }

    fn workflow(&mut self, input: &Input<'_, '_>, templates: &mut Templates<'_>) -> Option<Built> {
        if let Some((entry, text)) = literal(input, "workflow")
            && !super::workflow::is_name(text)
            && !text.starts_with("wf_")
        {
            let message = format!("`{}` is neither the name nor the id of a workflow", excerpt(text));
            self.report.error(&entry.place, "bad-name", message);
        }
        if let Some(entry) = input.with.get("version")
            && entry.value.is_number()
            && entry.value.as_u64().is_none_or(|version| version == 0)
        {
            self.report.error(&entry.place, "out-of-range", "versions count from 1");
        }
        let version = self.field(input, templates, "version");
        let child_input = self.field(input, templates, "input");
        let workflow = self.field(input, templates, "workflow")?;
        Some(Built::pure(Kind::Workflow(ChildWorkflow {
            workflow,
            version,
            input: child_input,
        })))
    }

    fn task(&mut self, input: &Input<'_, '_>, templates: &mut Templates<'_>) -> Option<Built> {
        if let Some((entry, text)) = literal(input, "queue")
            && QueueName::parse(text).is_none()
        {
            let text = excerpt(text);
            let message = format!("`{text}` is no name of a queue: 1 to 63 of a-z, 0-9, `.`, `_` and `-`");
            self.report.error(&entry.place, "bad-name", message);
        }
        if let Some((entry, text)) = literal(input, "key")
            && text.len() > MAX_TASK_KEY
        {
            let message = format!("a key has at most {MAX_TASK_KEY} bytes");
            self.report.error(&entry.place, "too-long", message);
        }
        if let Some(entry) = input.with.get("priority")
            && entry.value.is_number()
            && entry
                .value
                .as_i64()
                .is_none_or(|priority| !PRIORITIES.contains(&priority))
        {
            self.report.error(
                &entry.place,
                "out-of-range",
                "a priority is a whole number from -100 to 100",
            );
        }
        let key = self.field(input, templates, "key");
        let priority = self.field(input, templates, "priority");
        let payload = self.field(input, templates, "payload");
        let queue = self.field(input, templates, "queue")?;
        Some(Built {
            kind: Kind::Task(TaskStep {
                queue,
                payload: payload?,
                key,
                priority,
            }),
            timeout: None,
            // Nobody here knows what a worker does.
            effect: input.own.effect.unwrap_or(EffectClass::Once),
        })
    }

    /// `timeout` may stand in `with` instead of beside it.
    fn wait_timeout(&mut self, input: &Input<'_, '_>) -> Option<Duration> {
        let entry = input.with.get("timeout")?;
        if input.own.timeout.is_some() {
            let message = "the step has a `timeout` of its own already; they are the same";
            self.report.error(&entry.place, "conflicting-fields", message);
        }
        bounded_duration(Some(entry), input.fields, "timeout", self.report)
    }
}

/// A string that is no template.
fn literal<'a>(input: &Input<'a, '_>, name: &'a str) -> Option<(Entry<'a>, &'a str)> {
    let entry = input.with.get(name)?;
    let text = entry.value.as_str().filter(|text| !has_template(text))?;
    Some((entry, text))
}
