//! The fields of flow control.

use std::time::Duration;

use seawall_store::FlowEntry;

use super::fields::{Field, MILLISECOND, Shape, field};
use crate::definition::duration::MAX_DURATION;
use crate::executor::FieldShape;

const WEEK: Duration = Duration::from_secs(7 * 86_400);

pub(in crate::definition) const CONCURRENCY: &[Field] = &[
    field("limit", Shape::Whole(1, 10_000), "Runs at once of each key.").required(),
    FLOW_KEY,
    field(
        "on_conflict",
        Shape::Choice(&["queue", "reject", "cancel_running"]),
        "What a run does that finds no free slot; queue.",
    ),
];

pub(in crate::definition) const RATE: &[Field] = &[
    field(
        "limit",
        Shape::Rate,
        "Starts of each key in a second, a minute or an hour.",
    )
    .required(),
    FLOW_KEY,
];

pub(in crate::definition) const DEBOUNCE: &[Field] = &[
    field(
        "period",
        Shape::Duration(MILLISECOND, WEEK),
        "The quiet time after the last one.",
    )
    .required(),
    FLOW_KEY,
    field(
        "max_wait",
        Shape::Duration(MILLISECOND, MAX_DURATION),
        "Counted from the first one; ten periods without it.",
    ),
];

const FLOW_KEY: Field = field(
    "key",
    Shape::Template(FieldShape::Bounded {
        max: FlowEntry::MAX_KEY,
    }),
    "Over `input`, `run.id` and `run.created_at`: at most 256 bytes. Without it all runs are one group.",
);
