//! Spans, as a collector gets them.

mod collector;
mod received;
mod sent;
