//! What the ratios are taken over. Adding a call costs the same whatever the size: what leaves is taken from the sums, and
//! nothing is looked through.

mod buckets;
mod ring;
mod sums;
mod tally;

pub(super) use sums::{Mark, Sums};
pub(super) use tally::Tally;
