//! Asking the person at the terminal.

use std::fmt;

use inquire::{InquireError, Select, Text};
use serde_json::{Value, json};

use super::standstill::Need;
use crate::client::{Call, segment};
use crate::output::plain;

/// What the person said.
pub(super) enum Said {
    /// To be sent.
    Answer(Call),
    /// Not now.
    Later,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Approve,
    Reject,
    Succeeded,
    Failed,
    Retry,
    Resume,
    Later,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Succeeded => "it happened",
            Self::Failed => "it did not happen, and shall not",
            Self::Retry => "it did not happen, or may happen twice: run it again",
            Self::Resume => "resume",
            Self::Later => "later",
        })
    }
}

/// Asks, and waits for as long as the person does. Blocks a thread.
pub(super) fn ask(need: &Need) -> Result<Said, InquireError> {
    let question = plain(&need.question());
    let said = match need {
        Need::Approval { id, .. } => ask_approval(id, &question),
        Need::Signal { name, run, .. } => ask_signal(name, run, &question),
        Need::Resolve { run, step, .. } => ask_outcome(run, step, &question),
        Need::Resume { run, .. } => match choose(&question, vec![Choice::Resume, Choice::Later])? {
            Choice::Resume => Ok(Said::Answer(Call::tell(format!(
                "/api/v1/runs/{}/resume",
                segment(run)
            )))),
            _ => Ok(Said::Later),
        },
    };
    match said {
        // Escape and Ctrl-C leave the question open.
        Err(InquireError::OperationCanceled | InquireError::OperationInterrupted) => Ok(Said::Later),
        other => other,
    }
}

fn choose(question: &str, choices: Vec<Choice>) -> Result<Choice, InquireError> {
    let help = "arrows to move, Enter to choose, Esc for later";
    let select = Select::new(question, choices).without_filtering();
    select.with_help_message(help).prompt()
}

fn ask_approval(id: &str, question: &str) -> Result<Said, InquireError> {
    let choice = choose(question, vec![Choice::Approve, Choice::Reject, Choice::Later])?;
    if choice == Choice::Later {
        return Ok(Said::Later);
    }
    let comment = Text::new("Comment").with_help_message("may stay empty").prompt()?;
    let mut body = json!({"decision": choice.to_string()});
    if !comment.is_empty() {
        body["comment"] = Value::String(comment);
    }
    Ok(Said::Answer(Call::post(
        format!("/api/v1/approvals/{}", segment(id)),
        body,
    )))
}

fn ask_signal(name: &str, run: &str, question: &str) -> Result<Said, InquireError> {
    let help = "JSON; anything else is sent as text; Esc for later";
    let typed = Text::new(&format!("{question}. Its payload"))
        .with_help_message(help)
        .prompt()?;
    let payload = serde_json::from_str(&typed).unwrap_or(if typed.is_empty() {
        Value::Null
    } else {
        Value::String(typed)
    });
    let path = format!("/api/v1/runs/{}/signals/{}", segment(run), segment(name));
    Ok(Said::Answer(Call::post(path, json!({"payload": payload}))))
}

fn ask_outcome(run: &str, step: &str, question: &str) -> Result<Said, InquireError> {
    let choices = vec![Choice::Succeeded, Choice::Failed, Choice::Retry, Choice::Later];
    let outcome = match choose(question, choices)? {
        Choice::Succeeded => "succeeded",
        Choice::Failed => "failed",
        Choice::Retry => "retry",
        _ => return Ok(Said::Later),
    };
    let path = format!("/api/v1/runs/{}/steps/{}/resolve", segment(run), segment(step));
    Ok(Said::Answer(Call::post(path, json!({"outcome": outcome}))))
}
