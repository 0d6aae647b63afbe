//! The way in: from a value or a text to a [`Definition`], or to everything that is wrong with it.

use serde_json::Value;

use crate::definition::model::Definition;
use crate::definition::parse::{Format, SourceMap, parse};
use crate::definition::report::{DefinitionError, DefinitionWarning, Report};
use crate::definition::validate::validate;
use crate::executor::Registry;

/// A definition that may run.
pub struct Compiled {
    pub definition: Definition,
    pub warnings: Vec<DefinitionWarning>,
    /// Empty when there was no text.
    pub source_map: SourceMap,
}

/// A definition that may not run, and why.
#[derive(Debug, thiserror::Error)]
#[error("the workflow definition is not valid")]
pub struct InvalidDefinition {
    /// At least one; with positions where there was a text.
    pub errors: Vec<DefinitionError>,
    pub warnings: Vec<DefinitionWarning>,
    /// Empty when the text could not be read.
    pub source_map: SourceMap,
}

/// Checks and compiles a definition that is already a value.
///
/// # Errors
/// Everything that is wrong with it, at most 500 errors.
pub fn compile(value: &Value, registry: &Registry) -> Result<Definition, Vec<DefinitionError>> {
    compile_value(value, registry, SourceMap::default())
        .map(|compiled| compiled.definition)
        .map_err(|invalid| invalid.errors)
}

/// Reads, checks and compiles the text of a definition.
///
/// # Errors
/// The first thing that makes the text unreadable; else everything that is wrong, with lines and columns.
pub fn compile_text(format: Format, bytes: &[u8], registry: &Registry) -> Result<Compiled, InvalidDefinition> {
    match parse(format, bytes) {
        Ok(parsed) => compile_value(&parsed.value, registry, parsed.source_map),
        Err(error) => Err(InvalidDefinition {
            errors: vec![error],
            warnings: Vec::new(),
            source_map: SourceMap::default(),
        }),
    }
}

fn compile_value(value: &Value, registry: &Registry, source_map: SourceMap) -> Result<Compiled, InvalidDefinition> {
    let mut report = Report::default();
    let definition = validate(value, registry, &mut report);
    let (mut errors, mut warnings) = report.finish();
    for error in &mut errors {
        error.position = source_map.position(&error.pointer);
    }
    for warning in &mut warnings {
        warning.position = source_map.position(&warning.pointer);
    }
    match definition {
        Some(definition) if errors.is_empty() => Ok(Compiled {
            definition,
            warnings,
            source_map,
        }),
        _ => Err(InvalidDefinition {
            errors,
            warnings,
            source_map,
        }),
    }
}
