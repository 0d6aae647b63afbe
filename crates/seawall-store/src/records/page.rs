//! Lists: newest first, by a cursor that stays right while rows are added.

use std::str::FromStr;

/// An opaque place in a list: the backend's row number after which (downwards) to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor(pub i64);

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl FromStr for Cursor {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        i64::from_str_radix(text, 16).map(Self)
    }
}

/// Which part of a list: at most `limit` rows older than `cursor`.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    pub limit: u32,
    pub cursor: Option<Cursor>,
}

impl Page {
    pub const MAX: u32 = 200;

    /// The first page, with the given limit cut to 1..=200.
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self {
            limit: limit.clamp(1, Self::MAX),
            cursor: None,
        }
    }
}

/// Part of a list and where to go on, if there is more.
#[derive(Clone, Debug)]
pub struct PageOf<T> {
    pub items: Vec<T>,
    pub next: Option<Cursor>,
}
