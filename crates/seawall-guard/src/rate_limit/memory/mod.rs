//! The counts of one process, in bounded memory.
//!
//! Keys are spread over shards, each behind its own lock; a decision takes the locks that it needs in their order, once. A bucket is
//! 16 bytes in a table that grows to its bound, whose look-ups cost two lines of cache; a log has room for its limit from the
//! beginning.
//!
//! A bucket that is full again, and a log of which nothing counts, is as good as unknown: its place is free for the next key that
//! needs one. No other is given away. Where there is none left, new keys of a policy share what is set aside for that: 16 buckets
//! or one log in each shard, under the same limit. So who is known keeps their own count, whatever flood there is; who is new gets
//! in as far as the shared limit lets them, or as soon as there is a place; and a key that comes to a place of its own begins with what
//! its shared one has used. Whoever would be refused is refused: no key ever gets more than its own limit.

mod budget;
mod shard;
mod store;
mod table;

pub use store::{MemoryBounds, MemoryBoundsError, MemoryStore, MemoryUse};
