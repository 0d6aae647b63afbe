//! About how many bytes become durable with what was decided.

use crate::core::{Command, Event, Message, TaskEnd};
use crate::datum::weight;
use crate::executor::Outcome;

/// What an event costs beside its payload, about.
pub(super) const EVENT_BYTES: usize = 128;

/// What an event costs beside what its command brought along.
pub(super) fn rendered(event: &Event) -> usize {
    let payload = match event {
        // It stands in the child's journal as well.
        Event::ChildStarted(started) => 2 * weight(started.input.json()),
        Event::CompensationStarted { activities } => activities.len() * EVENT_BYTES,
        Event::MapStarted { items, .. } => items.iter().map(|item| weight(item.json())).sum(),
        Event::ApprovalRequested(asked) => asked.message.len(),
        _ => 0,
    };
    EVENT_BYTES + payload
}

/// About how much a command brings along that will stand in its events.
pub(super) fn payload(command: &Command) -> usize {
    match command {
        Command::Settle {
            outcome: Outcome::Succeeded(output),
            ..
        } => weight(output),
        Command::Message(Message::Signal { payload, .. }) => weight(payload.json()),
        Command::Message(Message::ChildEnded { output, .. }) => weight(output.json()),
        Command::Message(Message::TaskEnded(ended)) => match &ended.end {
            TaskEnd::Completed(output) => weight(output.json()),
            _ => 0,
        },
        _ => 0,
    }
}
