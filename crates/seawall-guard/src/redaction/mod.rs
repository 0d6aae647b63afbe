//! What must not stand in a log, taken out of what is about to be written there.
//!
//! By name ([`class_of`]): a field that is known to be harmless is written as it is, one whose name speaks of a secret is not
//! written at all. By shape ([`redact`]), for everything else: keys and tokens with a known beginning, JSON Web Tokens,
//! credentials after `Bearer` or `Basic`, user information in URLs, `name=value` and `"name": "value"` of secret names, private
//! keys in PEM, e-mail addresses, and numbers of payment cards (14 to 19 digits that pass Luhn's check).
//!
//! It is a net, not a proof: a secret without a shape under a name that says nothing passes. So do not log what you need not.
//! It never fails, works in one pass, and does not allocate where there is nothing to take out.

mod names;
mod scan;
mod shapes;

pub use names::{NameClass, class_of};
pub use scan::redact;
