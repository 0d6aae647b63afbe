//! A JSON or YAML file: its value, and where everything in it stands.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use seawall_engine::{DefinitionError, Format, MAX_SOURCE_BYTES, SourceMap, parse};
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
        let bytes = bytes_of(path)
            .map_err(|error| Failure::Usage(format!("error: {} cannot be read: {error}", path.display())))?;
        if bytes.len() > MAX_SOURCE_BYTES {
            let most = MAX_SOURCE_BYTES / 1024;
            return Err(Failure::Usage(format!(
                "error: {} is larger than {most} KiB, the most that a definition or an input file may have",
                path.display()
            )));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match parse(Self::format(path), &bytes) {
            Ok(parsed) => Ok(Self {
                path: path.to_owned(),
                text,
                value: parsed.value,
                source_map: parsed.source_map,
            }),
            Err(error) => {
                let complaint = Complaint::from(error);
                let name = path.display().to_string();
                // What is no text is not shown.
                let shown = if complaint.code == "not-utf8" { "" } else { &text };
                Err(Failure::Usage(complaints_text(&name, shown, &[complaint], paint)))
            }
        }
    }

    /// Reads a definition to be run. Whatever else is wrong with it the service says; but a text in the place of a
    /// definition would be the name of a registered workflow to it.
    pub(crate) fn read_definition(path: &Path, paint: Paint) -> Result<Self, Failure> {
        let document = Self::read(path, paint)?;
        if document.value.is_object() {
            return Ok(document);
        }
        let error = ProblemError {
            pointer: String::new(),
            code: "wrong-type".to_owned(),
            message: "a definition is an object".to_owned(),
        };
        let complaints = document.complaints(&[error], "");
        Err(Failure::Usage(document.show(&complaints, paint)))
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
        let complaints: Vec<Complaint> = errors.into_iter().map(Complaint::from).collect();
        self.show(&complaints, paint)
    }

    pub(crate) fn show(&self, complaints: &[Complaint], paint: Paint) -> String {
        complaints_text(&self.path.display().to_string(), &self.text, complaints, paint)
    }
}

/// The file, or as much of it as shows that it is too large: what is named may be endless.
fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_SOURCE_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
