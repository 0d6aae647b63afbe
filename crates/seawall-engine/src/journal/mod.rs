//! What of a run reaches the store: the stored form of events and messages, and the writes elsewhere that follow from
//! events (approvals, children, messages to other runs). Pure; it knows no store, only its records.

mod codec;
mod flow_entry;
mod message;
mod message_keys;
mod schedule;
mod stored;
mod writes;

#[cfg(test)]
pub(crate) mod arbitrary;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod writes_tests;

pub use codec::{CodecError, MAX_VALUE_DEPTH, READER_VERSION, is_too_deep};
pub(crate) use codec::{decode, decode_input, decode_line, encode, stored_form, stored_text};
pub(crate) use flow_entry::flow_entry;
pub(crate) use message::{decode_message, encode_message};
pub(crate) use message_keys::{
    end_message_key, own_retry_message_key, readmission_key, retry_message_key, retry_message_round, task_message_key,
};
pub(crate) use schedule::{decode_schedule, encode_schedule};
pub(crate) use writes::{TASK_GRACE, writes};
