//! Any message.

use proptest::option::of;
use proptest::prelude::*;

use super::any_value::{
    any_activity, any_datum, any_error, any_resolution, any_run, any_status, any_supersession, any_task, any_time,
    any_who,
};
use super::makers::approval;
use crate::core::{Message, TaskEnd, TaskEnded};

pub(crate) fn any_message() -> impl Strategy<Value = Message> {
    let signal = (any::<String>(), any::<String>(), any_datum());
    let decide = (any::<u128>(), any::<bool>(), of(any::<String>()), any_who());
    let resolve = (any_activity(), any_resolution(), any_who());
    let ended = (
        any_run(),
        any_activity(),
        (any::<u32>(), 0u32..3),
        any_status(),
        any_datum(),
        of(any_error()),
    );
    prop_oneof![
        Just(Message::Admitted),
        Just(Message::Rejected),
        (any_run(), any_supersession()).prop_map(|(by, reason)| Message::Superseded { by, reason }),
        signal.prop_map(|(id, name, payload)| Message::Signal { id, name, payload }),
        any_task_ended(),
        decide.prop_map(|(id, approve, comment, by)| Message::Decide {
            approval: approval(id),
            approve,
            comment,
            by
        }),
        any_who().prop_map(|by| Message::Cancel { by }),
        any_who().prop_map(|by| Message::Pause { by }),
        any_who().prop_map(|by| Message::Resume { by }),
        any_who().prop_map(|by| Message::Retry { by }),
        any_who().prop_map(|by| Message::WithdrawRetry { by }),
        (any_who(), any::<u32>()).prop_map(|(by, round)| Message::ParentRetried { by, round }),
        resolve.prop_map(|(activity, resolution, by)| Message::Resolve {
            activity,
            resolution,
            by
        }),
        ended.prop_map(
            |(child, activity, (generation, round), status, output, error)| Message::ChildEnded {
                child,
                activity,
                generation,
                round,
                status,
                output,
                error,
            }
        ),
    ]
}

fn any_task_ended() -> impl Strategy<Value = Message> {
    let end = prop_oneof![
        any_datum().prop_map(TaskEnd::Completed),
        any_error().prop_map(TaskEnd::Failed),
        (any::<bool>(), of(any_time())).prop_map(|(timed_out, deadline)| TaskEnd::Lapsed { timed_out, deadline }),
        Just(TaskEnd::Withdrawn),
    ];
    let ended = (any_task(), any_activity(), of((any_who(), any_time())), end);
    ended.prop_map(|(task, activity, claim, end)| {
        Message::TaskEnded(Box::new(TaskEnded {
            task,
            activity,
            claim,
            end,
        }))
    })
}
