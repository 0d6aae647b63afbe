//! What is wrong with a definition, all of it at once.

use crate::definition::place::Place;

/// Line and column, counted from 1; columns count characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{pointer}: {message}")]
pub struct DefinitionError {
    /// JSON Pointer into the definition; empty for the whole of it.
    pub pointer: String,
    /// Stable, kebab-case.
    pub code: &'static str,
    /// For the author, with a hint where there is one.
    pub message: String,
    /// Where that is in the text, if there was a text.
    pub position: Option<Position>,
}

impl DefinitionError {
    pub(super) fn new(place: &Place<'_>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            pointer: place.pointer(),
            code,
            message: message.into(),
            position: None,
        }
    }
}

/// Something that is allowed and probably not meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DefinitionWarning {
    /// JSON Pointer into the definition.
    pub pointer: String,
    /// Stable, kebab-case.
    pub code: &'static str,
    pub message: String,
    pub position: Option<Position>,
}

/// Collects errors and warnings during the walk over a definition.
#[derive(Default)]
pub(super) struct Report {
    errors: Vec<DefinitionError>,
    warnings: Vec<DefinitionWarning>,
    more: bool,
}

impl Report {
    /// More errors than this are counted as one `too-many-errors`: a hostile definition must not make a huge answer.
    pub(super) const MOST: usize = 500;

    pub(super) fn error(&mut self, place: &Place<'_>, code: &'static str, message: impl Into<String>) {
        if self.has_room() {
            self.errors.push(DefinitionError::new(place, code, message));
        }
    }

    /// For places that are known by their pointer only.
    pub(super) fn error_at(&mut self, pointer: &str, code: &'static str, message: impl Into<String>) {
        if self.has_room() {
            self.errors.push(DefinitionError {
                pointer: pointer.to_owned(),
                code,
                message: message.into(),
                position: None,
            });
        }
    }

    pub(super) fn warn(&mut self, place: &Place<'_>, code: &'static str, message: impl Into<String>) {
        if self.warnings.len() < Self::MOST {
            self.warnings.push(DefinitionWarning {
                pointer: place.pointer(),
                code,
                message: message.into(),
                position: None,
            });
        }
    }

    /// How many errors there are so far; what is reported beyond the bound counts once.
    pub(super) const fn count(&self) -> usize {
        self.errors.len() + self.more as usize
    }

    pub(super) const fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// Errors and warnings, in the order in which they were met.
    pub(super) fn finish(mut self) -> (Vec<DefinitionError>, Vec<DefinitionWarning>) {
        if self.more {
            self.errors.push(DefinitionError::new(
                &Place::Root,
                "too-many-errors",
                format!("there are more than {} errors; only the first are listed", Self::MOST),
            ));
        }
        (self.errors, self.warnings)
    }

    /// Whether another error would be kept. Ask before working out a costly message.
    pub(super) const fn has_room(&mut self) -> bool {
        if self.errors.len() >= Self::MOST {
            self.more = true;
        }
        !self.more
    }
}

/// At most 80 characters of an author's text, for messages.
pub(super) fn excerpt(text: &str) -> String {
    const MOST: usize = 80;
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(MOST).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    short
}
