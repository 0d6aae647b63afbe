//! A JSON or YAML file: its value, and where everything in it stands.

use std::fs;
use std::path::{Path, PathBuf};

use seawall_engine::{DefinitionError, Format, SourceMap, parse};
use serde_json::Value;

use crate::client::{Problem, ProblemError};
use crate::failure::Failure;
use crate::output::{Complaint, Paint, Severity, complaints_text};

/// A file that was read.
pub(crate) struct Document {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) value: Value,
    source_map: SourceMap,
}

impl Document {
    /// Reads a file as what its name says: `.json` is JSON, everything else YAML (which takes JSON too).
    pub(crate) fn read(path: &Path, paint: Paint) -> Result<Self, Failure> {
        let refuse =
            |error: std::io::Error| Failure::Usage(format!("error: {} cannot be read: {error}", path.display()));
        let bytes = fs::read(path).map_err(refuse)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match parse(Self::format(path), &bytes) {
            Ok(parsed) => Ok(Self {
                path: path.to_owned(),
                text,
                value: parsed.value,
                source_map: parsed.source_map,
            }),
            Err(error) => {
                let complaint = Complaint {
                    severity: Severity::Error,
                    position: error.position.map(|position| (position.line, position.column)),
                    pointer: error.pointer,
                    code: error.code.to_owned(),
                    message: error.message,
                };
                let name = path.display().to_string();
                Err(Failure::Usage(complaints_text(&name, &text, &[complaint], paint)))
            }
        }
    }

    pub(crate) fn format(path: &Path) -> Format {
        let json = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        if json { Format::Json } else { Format::Yaml }
    }

    /// What is wrong with the file, given pointers that begin with `prefix`.
    pub(crate) fn complaints(&self, errors: &[ProblemError], prefix: &str) -> Vec<Complaint> {
        let own = |error: &ProblemError| {
            let pointer = error.pointer.strip_prefix(prefix).unwrap_or(&error.pointer).to_owned();
            Complaint {
                severity: Severity::Error,
                position: self.source_map.locate(&pointer),
                pointer,
                code: error.code.clone(),
                message: error.message.clone(),
            }
        };
        let mut complaints: Vec<Complaint> = errors.iter().map(own).collect();
        complaints.sort_by_key(|complaint| complaint.position.unwrap_or_default());
        complaints
    }

    /// A refusal of this definition, with the lines that it is about; any other problem as it is.
    pub(crate) fn refusal(&self, problem: &Problem, prefix: &str, paint: Paint) -> Option<Failure> {
        if problem.code != "workflow-invalid" || problem.errors.is_empty() {
            return None;
        }
        let complaints = self.complaints(&problem.errors, prefix);
        Some(Failure::Usage(self.show(&complaints, paint)))
    }

    /// What this program says is wrong with the file.
    pub(crate) fn show_errors(&self, errors: Vec<DefinitionError>, paint: Paint) -> String {
        let complaint = |error: DefinitionError| Complaint {
            severity: Severity::Error,
            position: error.position.map(|position| (position.line, position.column)),
            pointer: error.pointer,
            code: error.code.to_owned(),
            message: error.message,
        };
        let complaints: Vec<Complaint> = errors.into_iter().map(complaint).collect();
        self.show(&complaints, paint)
    }

    pub(crate) fn show(&self, complaints: &[Complaint], paint: Paint) -> String {
        complaints_text(&self.path.display().to_string(), &self.text, complaints, paint)
    }
}
