//! Where in the text each part of a value stands.

use std::collections::BTreeMap;

use crate::definition::place::tokens;
use crate::definition::report::Position;

/// The position of a value, and of what is in it. A tree, because pointers written out would repeat every key.
#[derive(Debug)]
pub(super) struct Spot {
    pub(super) position: Position,
    pub(super) inner: Inner,
}

#[derive(Debug)]
pub(super) enum Inner {
    Scalar,
    Items(Vec<Spot>),
    Fields(BTreeMap<String, Spot>),
}

impl Spot {
    pub(super) const fn scalar(position: Position) -> Self {
        Self {
            position,
            inner: Inner::Scalar,
        }
    }

    /// As the value of a key: an object or array is found where its key stands.
    pub(super) fn keyed(mut self, key: Position) -> Self {
        if !matches!(self.inner, Inner::Scalar) {
            self.position = key;
        }
        self
    }
}

/// From JSON Pointers to lines and columns.
#[derive(Debug, Default)]
pub struct SourceMap(Option<Spot>);

impl SourceMap {
    pub(super) const fn new(root: Spot) -> Self {
        Self(Some(root))
    }

    /// Line and column (from 1) of the value at `pointer`, or of the nearest thing around it that exists: what is missing
    /// is missing there. None without a text.
    #[must_use]
    pub fn locate(&self, pointer: &str) -> Option<(u32, u32)> {
        self.position(pointer).map(|position| (position.line, position.column))
    }

    pub(in crate::definition) fn position(&self, pointer: &str) -> Option<Position> {
        let mut spot = self.0.as_ref()?;
        for token in tokens(pointer) {
            let below = match &spot.inner {
                Inner::Scalar => None,
                Inner::Items(items) => token.parse::<usize>().ok().and_then(|at| items.get(at)),
                Inner::Fields(fields) => fields.get(&token),
            };
            match below {
                Some(below) => spot = below,
                None => break,
            }
        }
        Some(spot.position)
    }
}
