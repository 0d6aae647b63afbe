//! What of a run reaches the store: the stored form of events and messages, and the writes elsewhere that follow from
//! events (approvals, children, messages to other runs). Pure; it knows no store, only its records.

mod codec;
mod message;
mod stored;
mod writes;

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod tests;

pub(crate) use codec::{MAX_VALUE_DEPTH, decode, encode};
pub(crate) use message::{decode_message, encode_message};
pub(crate) use writes::writes;
