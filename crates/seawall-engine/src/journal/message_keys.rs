//! The keys of messages between runs, and from outside to a run. A key counts once for its receiver.

use seawall_store::{MessageKey, RunId, Seq, TaskId};

/// The key of the message that says how a task ended: there is one such message.
#[must_use]
pub(crate) fn task_message_key(task: TaskId) -> MessageKey {
    MessageKey(format!("task:{task}"))
}

/// The key of the message that tells a run's parent of its end, for each time that the parent waits for it.
#[must_use]
pub(crate) fn end_message_key(child: RunId, round: u32) -> MessageKey {
    match round {
        0 => MessageKey(format!("child:{child}")),
        _ => MessageKey(format!("child:{child}:{round}")),
    }
}

/// What the key of the message that has a child retried begins with.
const RETRIES_CHILD: &str = "parent-retry:";

/// The key of the message that has a child retried.
#[must_use]
pub(crate) fn retry_message_key(round: u32) -> MessageKey {
    MessageKey(format!("{RETRIES_CHILD}{round}"))
}

/// The round of the retry that the message of this key asks a child for, if it asks for one.
#[must_use]
pub(crate) fn retry_message_round(key: &MessageKey) -> Option<u32> {
    key.0.strip_prefix(RETRIES_CHILD)?.parse().ok()
}

/// The key of the message that has a run without a parent retried, of which `last` is the last event: each end is retried
/// once.
#[must_use]
pub(crate) fn own_retry_message_key(last: Seq) -> MessageKey {
    MessageKey(format!("retry-{last}"))
}

/// The key of the message by which a child that is to be retried has its slot again.
#[must_use]
pub(crate) fn readmission_key(round: u32) -> MessageKey {
    MessageKey(format!("readmitted:{round}"))
}
