//! What expressions give, what they refuse, and what they cannot be made to cost.

mod bounds;
mod kit;
mod refusals;
mod values;
