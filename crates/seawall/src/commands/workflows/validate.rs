//! `seawall workflows validate`: without a store, unless a server is asked.

use std::path::{Path, PathBuf};

use seawall_engine::compile_text;
use serde::Deserialize;
use serde_json::json;

use crate::client::{Call, ProblemError};
use crate::commands::Done;
use crate::compose::{Work, registry};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input::Document;
use crate::output::{Complaint, Severity, tell};

#[derive(clap::Args, Debug)]
pub(crate) struct Validate {
    /// Definitions: .yaml or .json
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// What a server says.
#[derive(Deserialize)]
struct Verdict {
    errors: Vec<ProblemError>,
}

impl Validate {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let mut exit = Exit::Done;
        for file in &self.files {
            match validate(file, context).await {
                Ok(true) => {}
                Ok(false) => exit = Exit::Usage,
                // One file that cannot even be read does not hide what is wrong with the next.
                Err(Failure::Usage(text)) => {
                    tell(&text);
                    exit = Exit::Usage;
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(exit)
    }
}

/// Whether the definition in this file is valid. Says what is wrong with it.
async fn validate(file: &Path, context: &Context) -> Result<bool, Failure> {
    let document = Document::read(file, context.paint)?;
    let complaints = if context.global.server().is_some() {
        let call = Call::post("/api/v1/workflows/validate", document.value.clone());
        let answer = context.ask(Work::Look, call).await?;
        document.complaints(&answer.view::<Verdict>()?.errors, "")
    } else {
        here(context, &document)?
    };
    report(context, &document, &complaints)
}

fn report(context: &Context, document: &Document, complaints: &[Complaint]) -> Result<bool, Failure> {
    let is_valid = complaints
        .iter()
        .all(|complaint| complaint.severity == Severity::Warning);
    if context.global.json {
        let errors = complaints.iter().map(|complaint| {
                let (line, column) = complaint.position.unzip();
                json!({"pointer": complaint.pointer, "code": complaint.code, "message": complaint.message, "line": line,
                    "column": column, "severity": if complaint.severity == Severity::Error { "error" } else { "warning" }})
            });
        context
            .out
            .json(&json!({"file": document.path.display().to_string(), "valid": is_valid, "errors": errors.collect::<Vec<_>>()}))?;
    } else {
        if !complaints.is_empty() {
            tell(&document.show(complaints, context.paint));
        }
        if is_valid {
            context.out.line(&format!("{} is valid", document.path.display()))?;
        }
    }
    Ok(is_valid)
}

fn here(context: &Context, document: &Document) -> Result<Vec<Complaint>, Failure> {
    let config = context.client_config()?;
    let format = Document::format(&document.path);
    let (errors, warnings) = match compile_text(format, document.text.as_bytes(), &registry(&config)) {
        Ok(compiled) => (Vec::new(), compiled.warnings),
        Err(invalid) => (invalid.errors, invalid.warnings),
    };
    let mut complaints: Vec<Complaint> = errors.into_iter().map(Complaint::from).collect();
    complaints.extend(warnings.into_iter().map(Complaint::from));
    complaints.sort_by_key(|complaint| complaint.position.unwrap_or_default());
    Ok(complaints)
}
