//! From bytes to a JSON value, with the line and column of everything in it.
//!
//! JSON and YAML come out the same. YAML is the part of it that is JSON in other clothes: the core schema of YAML 1.2, one
//! document, no aliases, no anchors, no tags. In both, a key stands once in an object, a number is exactly what was written
//! or an error, and size and depth are bounded before anything is built.

mod json;
mod number;
mod source_map;
mod yaml;

#[cfg(test)]
mod tests;

use serde_json::Value;

pub use source_map::SourceMap;

use crate::definition::place::Place;
use crate::definition::report::{DefinitionError, Position};

/// The largest definition, in bytes.
pub const MAX_SOURCE_BYTES: usize = 256 * 1024;
/// The deepest nesting of arrays and objects.
pub(in crate::definition) const MAX_NESTING: usize = 32;
/// The longest key, in bytes. Keys are repeated in the pointers of errors.
pub(in crate::definition) const MAX_KEY_BYTES: usize = 256;

/// How a definition is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    Json,
    Yaml,
}

/// A value that was read, and where its parts stand.
#[derive(Debug)]
pub struct Parsed {
    pub value: Value,
    pub source_map: SourceMap,
}

/// Reads a definition's text. Nothing is said about what it means.
///
/// # Errors
/// The first thing that is wrong, with its line and column.
pub fn parse(format: Format, bytes: &[u8]) -> Result<Parsed, DefinitionError> {
    if bytes.len() > MAX_SOURCE_BYTES {
        return Err(SyntaxError::new("too-large", "a definition is at most 256 KiB large").into());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        SyntaxError::new("not-utf8", "the text is not UTF-8").at(position_after(&before))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (value, root) = match format {
        Format::Json => json::read(text)?,
        Format::Yaml => yaml::read(text)?,
    };
    Ok(Parsed {
        value,
        source_map: SourceMap::new(root),
    })
}

/// Why a text cannot be read.
#[derive(Debug)]
struct SyntaxError {
    code: &'static str,
    message: String,
    position: Option<Position>,
}

impl SyntaxError {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            position: None,
        }
    }

    const fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }
}

impl From<SyntaxError> for DefinitionError {
    fn from(error: SyntaxError) -> Self {
        let mut definition_error = Self::new(&Place::Root, error.code, error.message);
        definition_error.position = error.position;
        definition_error
    }
}

fn too_deep(position: Position) -> SyntaxError {
    SyntaxError::new(
        "too-deep",
        format!("arrays and objects nest at most {MAX_NESTING} deep"),
    )
    .at(position)
}

fn duplicate_key(key: &str, position: Position) -> SyntaxError {
    let key = crate::definition::report::excerpt(key);
    SyntaxError::new("duplicate-key", format!("the key `{key}` stands here twice")).at(position)
}

/// The position behind `text`.
fn position_after(text: &str) -> Position {
    let line_start = text.rfind('\n').map_or(0, |at| at + 1);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position {
        line: count(text.bytes().filter(|b| *b == b'\n').count() + 1),
        column: count(text[line_start..].chars().count() + 1),
    }
}
