//! The kinds that the engine itself carries out, and the fields of their `with`.

use super::fields::{ANY_WAIT, Field, Shape, field};
use crate::definition::MAX_SIGNAL_NAME;
use crate::executor::FieldShape;

/// How a step of a kind behaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::definition) enum Nature {
    /// It is attempted: timeout, retry and effect class.
    Attempt,
    /// It waits: a timeout of its own, nothing else.
    Wait,
    /// Timeout and retry hold for its items, unless the inner step has its own.
    Fan,
    /// Over at once.
    Immediate,
}

/// A kind that the engine itself carries out.
#[derive(Debug)]
pub(in crate::definition) struct CoreKind {
    pub(in crate::definition) name: &'static str,
    pub(in crate::definition) nature: Nature,
    pub(in crate::definition) fields: &'static [Field],
    pub(in crate::definition) doc: &'static str,
}

pub(in crate::definition) const CORE_KINDS: &[CoreKind] = &[
    CoreKind {
        name: "transform",
        nature: Nature::Attempt,
        fields: &[field("value", Shape::Template(FieldShape::Any), "The output.").required()],
        doc: "Computes its output from templates.",
    },
    CoreKind {
        name: "map",
        nature: Nature::Fan,
        fields: &[
            field(
                "over",
                Shape::Template(FieldShape::Any),
                "The list: at most 10,000 items.",
            )
            .required(),
            field(
                "as",
                Shape::Variable,
                "The variable that holds the item; `item` without it.",
            ),
            field(
                "max_parallel",
                Shape::Whole(1, 1000),
                "How many items are in work at once; 16.",
            ),
            field(
                "on_item_error",
                Shape::Choice(&["fail", "collect"]),
                "`fail` (the default) or `collect`.",
            ),
            field("step", Shape::ItemStep, "What is done for each item.").required(),
        ],
        doc: "Does one step for each item of a list.",
    },
    CoreKind {
        name: "sleep",
        nature: Nature::Wait,
        fields: &[
            field("for", Shape::Template(FieldShape::String), "A duration: `10m`.").excludes("until"),
            field("until", Shape::Template(FieldShape::String), "An RFC 3339 instant.").excludes("for"),
        ],
        doc: "Waits for a time.",
    },
    CoreKind {
        name: "wait_signal",
        nature: Nature::Wait,
        fields: &[
            field(
                "name",
                Shape::Template(FieldShape::Bounded { max: MAX_SIGNAL_NAME }),
                "The signal's name: 1 to 128 bytes.",
            )
            .required(),
            field("timeout", ANY_WAIT, "The same as the step's own `timeout`."),
        ],
        doc: "Waits for a signal; its payload is the output.",
    },
    CoreKind {
        name: "approval",
        nature: Nature::Wait,
        fields: &[
            field("message", Shape::Template(FieldShape::String), "What is to be decided.").required(),
            field(
                "deciders",
                Shape::Template(FieldShape::Strings { min: 1 }),
                "Who may decide; everybody without it.",
            ),
            field("timeout", ANY_WAIT, "The same as the step's own `timeout`."),
            field(
                "on_timeout",
                Shape::Choice(&["fail", "approve", "reject"]),
                "What the timeout means; fail.",
            ),
        ],
        doc: "Waits for a person's decision.",
    },
    CoreKind {
        name: "workflow",
        nature: Nature::Wait,
        fields: &[
            field(
                "workflow",
                Shape::Template(FieldShape::String),
                "Name or id of the workflow.",
            )
            .required(),
            field(
                "version",
                Shape::Template(FieldShape::Integer),
                "Its version; the latest without it.",
            ),
            field("input", Shape::Template(FieldShape::Any), "The child run's input."),
        ],
        doc: "Runs another workflow and waits for its output.",
    },
    CoreKind {
        name: "task",
        nature: Nature::Attempt,
        fields: &[
            field(
                "queue",
                Shape::Template(FieldShape::String),
                "Where workers take it from: 1 to 63 of a-z, 0-9, `.`, `_` and `-`.",
            )
            .required(),
            field(
                "payload",
                Shape::Template(FieldShape::Any),
                "What the worker gets: at most 1 MiB.",
            )
            .required(),
            field(
                "key",
                Shape::Template(FieldShape::String),
                "Tasks of one key are limited together; at most 256 bytes.",
            ),
            field(
                "priority",
                Shape::Template(FieldShape::Integer),
                "Higher comes first: -100 to 100; 0 without it.",
            ),
        ],
        doc: "Gives a task to workers outside; what one of them completes it with is the output.",
    },
    CoreKind {
        name: "fail",
        nature: Nature::Immediate,
        fields: &[field("message", Shape::Template(FieldShape::String), "Why.").required()],
        doc: "Fails.",
    },
];
