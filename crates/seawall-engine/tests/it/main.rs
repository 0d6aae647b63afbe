//! The engine as a whole, over the store's fake and a clock that tests move.

mod runtime;
