//! `seawall workflows validate`: without a store, unless a server is asked.

use std::path::PathBuf;

use seawall_engine::{DefinitionError, DefinitionWarning, compile_text};
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
    /// A definition: .yaml or .json
    file: PathBuf,
}

/// What a server says.
#[derive(Deserialize)]
struct Verdict {
    errors: Vec<ProblemError>,
}

impl Validate {
    pub(super) async fn execute(self, context: &Context) -> Done {
        let document = Document::read(&self.file, context.paint)?;
        let complaints = if context.global.server().is_some() {
            let call = Call::post("/api/v1/workflows/validate", document.value.clone());
            let answer = context
                .with_client(Work::Look, async |client| Ok(client.call(call).await?))
                .await?;
            document.complaints(&answer.view::<Verdict>()?.errors, "")
        } else {
            here(context, &document)?
        };
        self.report(context, &document, &complaints)
    }

    fn report(&self, context: &Context, document: &Document, complaints: &[Complaint]) -> Done {
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
                .json(&json!({"valid": is_valid, "errors": errors.collect::<Vec<_>>()}))?;
        } else {
            if !complaints.is_empty() {
                tell(&document.show(complaints, context.paint));
            }
            if is_valid {
                context.out.line(&format!("{} is valid", self.file.display()))?;
            }
        }
        Ok(if is_valid { Exit::Done } else { Exit::Usage })
    }
}

fn here(context: &Context, document: &Document) -> Result<Vec<Complaint>, Failure> {
    let config = context.client_config()?;
    let format = Document::format(&document.path);
    let (errors, warnings) = match compile_text(format, document.text.as_bytes(), &registry(&config)) {
        Ok(compiled) => (Vec::new(), compiled.warnings),
        Err(invalid) => (invalid.errors, invalid.warnings),
    };
    let mut complaints: Vec<Complaint> = errors.into_iter().map(of_error).collect();
    complaints.extend(warnings.into_iter().map(of_warning));
    complaints.sort_by_key(|complaint| complaint.position.unwrap_or_default());
    Ok(complaints)
}

fn of_error(error: DefinitionError) -> Complaint {
    Complaint {
        severity: Severity::Error,
        position: error.position.map(|position| (position.line, position.column)),
        pointer: error.pointer,
        code: error.code.to_owned(),
        message: error.message,
    }
}

fn of_warning(warning: DefinitionWarning) -> Complaint {
    Complaint {
        severity: Severity::Warning,
        position: warning.position.map(|position| (position.line, position.column)),
        pointer: warning.pointer,
        code: warning.code.to_owned(),
        message: warning.message,
    }
}
