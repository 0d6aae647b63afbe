use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seawall_engine::{
    Comparison, Definition, DocumentError, MAX_DOCUMENT_BYTES, Registry, RunDocument, Verdict, compile_text, replay,
    replay_changed,
};

use super::report::{Report, error_text};
use crate::commands::Done;
use crate::compose::registry;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::Document;

pub(crate) const EXIT_CODES: &str = "Exit codes: 0 every run is the same; 1 one diverges; 2 a file cannot be read.";

#[derive(clap::Args, Debug)]
pub(crate) struct Replay {
    /// Exported runs
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Replay them with this definition, and say what it would have changed
    #[arg(long, value_name = "FILE")]
    change_definition: Option<PathBuf>,
}

/// What came of one file.
pub(super) enum Outcome {
    Replayed(Verdict),
    Compared(Comparison),
    Unreadable(String),
}

impl Outcome {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Replayed(Verdict::Identical) => Exit::Done,
            Self::Compared(comparison) if comparison.findings.is_empty() => Exit::Done,
            Self::Replayed(_) | Self::Compared(_) => Exit::Failed,
            Self::Unreadable(_) => Exit::Usage,
        }
    }
}

impl Replay {
    pub(crate) fn execute(self, context: &Context) -> Done {
        let registry = registry(&context.client_config()?);
        let changed = match &self.change_definition {
            Some(path) => Some(definition(path, &registry, context)?),
            None => None,
        };
        let mut report = Report::default();
        for file in &self.files {
            let (run, outcome) = one(file, &registry, changed.as_ref());
            report.add(context, file, run, &outcome)?;
        }
        report.finish(context, changed.is_some())
    }
}

fn definition(path: &Path, registry: &Registry, context: &Context) -> Result<Arc<Definition>, Failure> {
    let document = Document::read(path, context.paint)?;
    match compile_text(Document::format(path), document.text.as_bytes(), registry) {
        Ok(compiled) => Ok(Arc::new(compiled.definition)),
        Err(invalid) => Err(Failure::Usage(document.show_errors(invalid.errors, context.paint))),
    }
}

fn one(path: &Path, registry: &Registry, changed: Option<&Arc<Definition>>) -> (Option<RunDocument>, Outcome) {
    let document = match read(path) {
        Ok(document) => document,
        Err(text) => return (None, Outcome::Unreadable(text)),
    };
    let outcome = match changed {
        None => replay(&document, registry).map(Outcome::Replayed),
        Some(changed) => replay_changed(&document, registry, changed).map(Outcome::Compared),
    };
    let outcome = outcome.unwrap_or_else(|error| Outcome::Unreadable(error_text(&error)));
    (Some(document), outcome)
}

fn read(path: &Path) -> Result<RunDocument, String> {
    let unreadable = |error: std::io::Error| format!("it cannot be read: {error}");
    let mut bytes = Vec::new();
    // One byte more than is allowed tells that there is too much.
    let limit = MAX_DOCUMENT_BYTES as u64 + 1;
    let file = File::open(path).map_err(unreadable)?;
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    RunDocument::read(&bytes).map_err(|error: DocumentError| error_text(&error))
}
