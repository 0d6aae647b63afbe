//! Every field of a definition: its name, what it holds, whether it must be there.

use std::time::Duration;

use super::flow_fields::{CONCURRENCY, DEBOUNCE, RATE};
use crate::definition::duration::MAX_DURATION;
use crate::executor::{FieldShape, FieldSpec};

/// One field.
#[derive(Clone, Copy, Debug)]
pub(in crate::definition) struct Field {
    pub(in crate::definition) name: &'static str,
    pub(in crate::definition) shape: Shape,
    pub(in crate::definition) required: bool,
    /// `{{ secrets.NAME }}` may stand in its strings.
    pub(in crate::definition) secrets: bool,
    /// Another field that must not stand beside this one.
    pub(in crate::definition) excludes: Option<&'static str>,
    pub(in crate::definition) doc: &'static str,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(in crate::definition) enum Shape {
    /// Rendered at run time; a string that is a template may stand for it.
    Template(FieldShape),
    /// The name of a workflow.
    Name,
    StepId,
    Kind,
    /// Any string.
    Text,
    /// `30s`; between the two.
    Duration(Duration, Duration),
    /// The name of a template variable.
    Variable,
    /// A whole number between the two.
    Whole(u64, u64),
    /// A number between the two.
    Factor(f64, f64),
    Choice(&'static [&'static str]),
    /// Error codes.
    Codes,
    /// Ids of other steps.
    StepIds,
    /// A boolean, or one expression.
    Condition,
    OnError,
    /// A JSON Schema.
    Schema,
    Object(&'static [Field]),
    With,
    Steps,
    ItemStep,
    Compensation,
    Reconciliation,
    /// A limit, or an object of these fields.
    Concurrency(&'static [Field]),
    /// `10/min`.
    Rate,
    /// A rate, or an object of these fields.
    RateLimit(&'static [Field]),
    /// -100 to 100, or a template.
    Priority,
    /// An object of these fields, or an expression that gives one.
    Answer(&'static [Field]),
}

pub(super) const fn field(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field {
        name,
        shape,
        required: false,
        secrets: false,
        excludes: None,
        doc,
    }
}

impl Field {
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn excludes(mut self, other: &'static str) -> Self {
        self.excludes = Some(other);
        self
    }

    /// The one field of `on_error: {value: …}`.
    pub(in crate::definition) const VALUE: Self =
        field("value", Shape::Template(FieldShape::Any), "The output instead.").required();

    /// A field of an executor's `with`.
    pub(in crate::definition) const fn of_kind(spec: &FieldSpec) -> Self {
        Self {
            name: spec.name,
            shape: Shape::Template(spec.shape),
            required: spec.required,
            secrets: spec.secrets,
            excludes: spec.excludes,
            doc: spec.doc,
        }
    }
}

pub(super) const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
pub(super) const ANY_WAIT: Shape = Shape::Duration(MILLISECOND, MAX_DURATION);

const EFFECTS: Shape = Shape::Choice(&["pure", "read", "idempotent", "once"]);

/// The most attempts that a policy may ask for.
const MAX_ATTEMPTS: u64 = 100;

pub(in crate::definition) const ROOT: &[Field] = &[
    field("name", Shape::Name, "The workflow's name: 1 to 63 of a-z, 0-9 and `-`.").required(),
    field("description", Shape::Text, "What it is for."),
    field("input", Shape::Schema, "JSON Schema 2020-12 of a run's input."),
    field("timeout", ANY_WAIT, "Of the whole run, waiting included."),
    field(
        "defaults",
        Shape::Object(DEFAULTS),
        "What holds for steps that say nothing else.",
    ),
    field(
        "concurrency",
        Shape::Concurrency(CONCURRENCY),
        "How many of its runs go on at once.",
    ),
    field(
        "rate",
        Shape::RateLimit(RATE),
        "How many of its runs begin in a time: `10/min`.",
    ),
    field(
        "priority",
        Shape::Priority,
        "Which of those that wait come first: one point is worth 10s of waiting. 0 without it.",
    ),
    field(
        "debounce",
        Shape::Object(DEBOUNCE),
        "A run waits for a quiet time and gives way to a newer one.",
    ),
    field("steps", Shape::Steps, "What is done, ordered by `needs`.").required(),
    field(
        "output",
        Shape::Template(FieldShape::Any),
        "The run's output; null without it.",
    ),
];

/// Fields of a definition that belong to later versions.
pub(in crate::definition) const LATER_ROOT: &[&str] = &["schedule", "schedules", "compensate", "reconcile"];

pub(in crate::definition) const DEFAULTS: &[Field] = &[
    field(
        "timeout",
        ANY_WAIT,
        "Of one attempt; 60s without it. Waiting steps have only their own.",
    ),
    field(
        "retry",
        Shape::Object(RETRY),
        "For steps without their own, except those of class `once`.",
    ),
];

pub(in crate::definition) const RETRY: &[Field] = &[
    field(
        "max_attempts",
        Shape::Whole(1, MAX_ATTEMPTS),
        "All attempts counted, the first one too.",
    )
    .required(),
    field(
        "initial",
        Shape::Duration(MILLISECOND, HOUR),
        "The delay before the second attempt; 500ms.",
    ),
    field("multiplier", Shape::Factor(1.0, 10.0), "By which the delay grows; 2."),
    field("max", Shape::Duration(MILLISECOND, DAY), "The longest delay; 30s."),
    field(
        "jitter",
        Shape::Choice(&["none", "full", "equal"]),
        "How the delay is spread; full.",
    ),
    field(
        "on",
        Shape::Codes,
        "Error codes to retry on (`timeout`, `http-status-503`, `http-status-5xx`, `exit-code-*`, `any`); without it every retryable one.",
    ),
];

pub(in crate::definition) const STEP: &[Field] = &[
    field("id", Shape::StepId, "1 to 63 of a-z, 0-9, `_` and `-`.").required(),
    KIND,
    WITH,
    field("needs", Shape::StepIds, "Steps that come before this one."),
    field(
        "when",
        Shape::Condition,
        "Whether the step is done; else it is skipped.",
    ),
    TIMEOUT,
    RETRY_FIELD,
    EFFECT,
    field(
        "on_error",
        Shape::OnError,
        "`fail`, `continue`, or `{value: …}`: that output instead.",
    ),
    COMPENSATE,
    RECONCILE,
];

/// The step inside a map.
pub(in crate::definition) const ITEM_STEP: &[Field] =
    &[KIND, WITH, TIMEOUT, RETRY_FIELD, EFFECT, COMPENSATE, RECONCILE];

/// What undoes a step.
pub(in crate::definition) const COMPENSATION: &[Field] = &[KIND, WITH, TIMEOUT, RETRY_FIELD, EFFECT];

/// What looks into an unknown outcome.
pub(in crate::definition) const RECONCILIATION: &[Field] = &[
    KIND,
    WITH,
    TIMEOUT,
    RETRY_FIELD,
    EFFECT,
    field(
        "answer",
        Shape::Answer(ANSWER),
        "From `result` to `{outcome: succeeded | failed | retry | unknown, output, message}`; without it the output itself.",
    ),
];

/// What a reconcile step has found out.
pub(in crate::definition) const ANSWER: &[Field] = &[
    field(
        "outcome",
        Shape::Template(FieldShape::OneOf(&["succeeded", "failed", "retry", "unknown"])),
        "What became of the attempt.",
    )
    .required(),
    field(
        "output",
        Shape::Template(FieldShape::Any),
        "Of a step that has succeeded.",
    ),
    field(
        "message",
        Shape::Template(FieldShape::String),
        "Why it has failed, or is not known.",
    ),
];

const COMPENSATE: Field = field(
    "compensate",
    Shape::Compensation,
    "What undoes it when the run fails or is cancelled after it has succeeded.",
);
const RECONCILE: Field = field(
    "reconcile",
    Shape::Reconciliation,
    "What finds out how an attempt ended whose outcome is unknown.",
);
const KIND: Field = field("kind", Shape::Kind, "What the step does.").required();
const WITH: Field = field(
    "with",
    Shape::With,
    "What it does it with; its fields depend on the kind.",
);
const TIMEOUT: Field = field("timeout", ANY_WAIT, "Of one attempt; for steps that wait, of the wait.");
const RETRY_FIELD: Field = field(
    "retry",
    Shape::Object(RETRY),
    "How often and when it is attempted again.",
);
const EFFECT: Field = field("effect", EFFECTS, "What may be done again after a crash.");

/// Fields of steps that belong to later versions.
pub(in crate::definition) const LATER_STEP: &[&str] = &["concurrency", "rate", "priority", "debounce"];

/// Kinds that belong to later versions.
pub(in crate::definition) const LATER_KINDS: &[&str] = &["llm", "tool", "agent"];
