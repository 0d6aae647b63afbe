//! What a replay says, for people and for programs.

use std::error::Error as _;
use std::fmt::Write as _;
use std::path::Path;

use seawall_engine::{Comparison, Divergence, DocumentError, Finding, RunDocument, Verdict};
use serde_json::{Value, json};

use super::command::Outcome;
use crate::commands::Done;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Table, plain};

/// Characters of an event that are shown.
const WIDTH: usize = 2000;
/// Errors of a definition that are shown.
const ERRORS: usize = 3;

/// Of several files.
#[derive(Default)]
pub(super) struct Report {
    rows: Vec<[String; 4]>,
    files: Vec<Value>,
    /// Same, different, unreadable.
    counts: [usize; 3],
    worst: u8,
}

impl Report {
    pub(super) fn add(
        &mut self,
        context: &Context,
        file: &Path,
        document: Option<RunDocument>,
        outcome: &Outcome,
    ) -> Result<(), Failure> {
        let exit = outcome.exit().code();
        self.worst = self.worst.max(exit);
        self.counts[usize::from(exit).min(2)] += 1;
        let name = file.display().to_string();
        if context.global.json {
            self.files.push(file_json(&name, document.as_ref(), outcome));
            return Ok(());
        }
        let run = document.map(|document| document.run);
        let workflow = run.as_ref().map_or_else(String::new, |run| {
            format!("{} v{}", run.workflow.name, run.workflow.version)
        });
        self.rows
            .push([name.clone(), workflow, word(outcome).to_owned(), count(outcome)]);
        if let Some(text) = text(&name, outcome) {
            context.out.line(&text)?;
        }
        Ok(())
    }

    pub(super) fn finish(self, context: &Context, changed: bool) -> Done {
        let [same, different, unreadable] = self.counts;
        if context.global.json {
            let summary = json!({ "same": same, "diverging": different, "unreadable": unreadable });
            context.out.json(&json!({ "files": self.files, "summary": summary }))?;
        } else {
            let last = if changed { "DIFFERENCES" } else { "PLACE" };
            let mut table = Table::new(&["FILE", "WORKFLOW", "REPLAY", last]);
            for row in self.rows {
                table.row(row);
            }
            context.out.line(&table.text())?;
            let word = if changed { "same" } else { "identical" };
            context.out.line(&format!(
                "{same} {word}, {different} diverging, {unreadable} unreadable"
            ))?;
        }
        Ok(match self.worst {
            0 => Exit::Done,
            1 => Exit::Failed,
            _ => Exit::Usage,
        })
    }
}

const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Replayed(Verdict::Identical) => "identical",
        Outcome::Compared(comparison) if comparison.findings.is_empty() => "same",
        Outcome::Replayed(Verdict::Diverges(_)) | Outcome::Compared(_) => "diverges",
        Outcome::Unreadable(_) => "unreadable",
    }
}

fn count(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Replayed(Verdict::Diverges(divergence)) => format!("event {}", divergence.seq),
        Outcome::Compared(comparison) if !comparison.findings.is_empty() => {
            let more = if comparison.more { "+" } else { "" };
            format!("{}{more}", comparison.findings.len())
        }
        _ => String::new(),
    }
}

/// What stands before the table, if there is something to say.
fn text(name: &str, outcome: &Outcome) -> Option<String> {
    let said = match outcome {
        Outcome::Replayed(Verdict::Diverges(divergence)) => divergence_text(divergence),
        Outcome::Compared(comparison) if !comparison.findings.is_empty() => comparison_text(comparison),
        Outcome::Unreadable(error) => format!("  {}\n", plain(error)),
        Outcome::Replayed(Verdict::Identical) | Outcome::Compared(_) => return None,
    };
    Some(format!("{}:\n{said}", plain(name)))
}

fn divergence_text(divergence: &Divergence) -> String {
    let mut text = format!("  it diverges at event {}\n", divergence.seq);
    let recorded = match &divergence.recorded {
        Some(event) => event_text(event),
        None => "nothing: the record ends inside a decision".to_owned(),
    };
    let decided = match &divergence.decided {
        Some(event) => event_text(event),
        None => "nothing leads to that event here".to_owned(),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  recorded: {recorded}\n  decided:  {decided}");
    text
}

fn event_text(event: &Value) -> String {
    let text = event.to_string();
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(WIDTH).collect();
    if chars.next().is_some() {
        short.push('…');
    }
    plain(&short)
}

fn comparison_text(comparison: &Comparison) -> String {
    let mut text = String::new();
    for finding in &comparison.findings {
        let _ = writeln!(
            text,
            "  event {:>4}  {}: {}",
            finding.seq,
            finding.kind.as_str(),
            plain(&finding.message)
        );
    }
    if comparison.more {
        text.push_str("  and more\n");
    }
    if comparison.recorded != comparison.replayed {
        let _ = writeln!(
            text,
            "  the run was {}, and is {} where the replay ends",
            comparison.recorded, comparison.replayed
        );
    }
    text
}

fn file_json(name: &str, document: Option<&RunDocument>, outcome: &Outcome) -> Value {
    let mut value = json!({ "file": name, "verdict": word(outcome) });
    if let Some(RunDocument { run, .. }) = document {
        value["run"] = json!(run.id.to_string());
        value["workflow"] = json!({ "name": &*run.workflow.name, "version": run.workflow.version });
    }
    match outcome {
        Outcome::Replayed(Verdict::Identical) => {}
        Outcome::Replayed(Verdict::Diverges(divergence)) => {
            value["divergence"] = json!({
                "seq": divergence.seq.0,
                "recorded": divergence.recorded,
                "decided": divergence.decided,
            });
        }
        Outcome::Compared(comparison) => {
            value["recorded_status"] = json!(comparison.recorded.as_str());
            value["replayed_status"] = json!(comparison.replayed.as_str());
            value["differences"] = comparison.findings.iter().map(finding_json).collect();
            value["more"] = json!(comparison.more);
        }
        Outcome::Unreadable(error) => value["error"] = json!(error),
    }
    value
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "seq": finding.seq.0,
        "step_id": finding.activity.as_ref().map(|of| of.step.as_str()),
        "item": finding.activity.as_ref().and_then(|of| of.item),
        "kind": finding.kind.as_str(),
        "message": finding.message,
    })
}

/// With its causes: a document's reader wants to know the place.
pub(super) fn error_text(error: &DocumentError) -> String {
    let mut text = error.to_string();
    if let DocumentError::Definition(errors) = error {
        for error in errors.iter().take(ERRORS) {
            let _ = write!(text, "; {error}");
        }
    }
    let mut next = error.source();
    while let Some(cause) = next {
        let _ = write!(text, ": {cause}");
        next = cause.source();
    }
    text
}
