//! Errors in texts: the place, what is wrong, the line itself, a hint.

use std::fmt::Write as _;

use seawall_engine::{DefinitionError, DefinitionWarning};

use super::{Paint, plain};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Severity {
    Error,
    Warning,
}

/// One thing that is wrong with a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Complaint {
    pub(crate) severity: Severity,
    /// Line and column, from 1, in characters.
    pub(crate) position: Option<(u32, u32)>,
    /// What is shown when there is no position.
    pub(crate) pointer: String,
    pub(crate) code: String,
    /// With the hint, if there is one, behind a semicolon.
    pub(crate) message: String,
}

impl From<DefinitionError> for Complaint {
    fn from(error: DefinitionError) -> Self {
        Self {
            severity: Severity::Error,
            position: error.position.map(|position| (position.line, position.column)),
            pointer: error.pointer,
            code: error.code.to_owned(),
            message: error.message,
        }
    }
}

impl From<DefinitionWarning> for Complaint {
    fn from(warning: DefinitionWarning) -> Self {
        Self {
            severity: Severity::Warning,
            position: warning.position.map(|position| (position.line, position.column)),
            pointer: warning.pointer,
            code: warning.code.to_owned(),
            message: warning.message,
        }
    }
}

/// What of a long line is shown.
const WIDTH: usize = 120;

/// All of them, as compilers write it: `file:line:column: error[code]: message`, the line, a mark under the column.
pub(crate) fn complaints_text(name: &str, text: &str, complaints: &[Complaint], paint: Paint) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let texts: Vec<String> = complaints
        .iter()
        .map(|complaint| one(name, &lines, complaint, paint))
        .collect();
    texts.join("\n")
}

fn one(name: &str, lines: &[&str], complaint: &Complaint, paint: Paint) -> String {
    let (message, hint) = split_hint(&complaint.message);
    let severity = match complaint.severity {
        Severity::Error => paint.red(&format!("error[{}]", complaint.code)),
        Severity::Warning => paint.yellow(&format!("warning[{}]", complaint.code)),
    };
    let place = match complaint.position {
        Some((line, column)) => format!("{name}:{line}:{column}"),
        None if complaint.pointer.is_empty() => name.to_owned(),
        None => format!("{name}: {}", complaint.pointer),
    };
    let mut text = format!("{}: {severity}: {}", paint.bold(&place), plain(message));
    if let Some((line, column)) = complaint.position
        && let Some(source) = lines.get((line as usize).wrapping_sub(1))
    {
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        let (shown, mark) = window(source, column as usize);
        let _ = write!(
            text,
            "\n {margin} |\n {number} | {shown}\n {margin} | {mark}{}",
            paint.red("^")
        );
    }
    if let Some(hint) = hint {
        let _ = write!(text, "\n   = {}: {}", paint.bold("hint"), plain(hint));
    }
    text
}

/// `unknown kind `x`; did you mean `y`?` has its hint behind the last semicolon.
fn split_hint(message: &str) -> (&str, Option<&str>) {
    match message.rsplit_once("; ") {
        Some((before, hint)) if hint.starts_with("did you mean") => (before, Some(hint)),
        _ => (message, None),
    }
}

/// The part of the line round the column, and the space before the mark.
fn window(line: &str, column: usize) -> (String, String) {
    let chars: Vec<char> = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let at = column.saturating_sub(1).min(chars.len());
    let from = if at >= WIDTH { at - WIDTH / 2 } else { 0 };
    let to = chars.len().min(from + WIDTH);
    let mut shown: String = chars[from..to].iter().collect();
    if to < chars.len() {
        shown.push('…');
    }
    let mut before = at - from;
    if from > 0 {
        shown.insert(0, '…');
        before += 1;
    }
    (shown.trim_end().to_owned(), " ".repeat(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(position: Option<(u32, u32)>, message: &str) -> Complaint {
        Complaint {
            severity: Severity::Error,
            position,
            pointer: "/steps/0/kind".to_owned(),
            code: "unknown-kind".to_owned(),
            message: message.to_owned(),
        }
    }

    #[test]
    fn an_error_shows_its_line_with_a_mark_and_a_hint() {
        let text = "name: x\nsteps:\n  - id: a\n    kind: comand\n";
        let complaint = complaint(Some((4, 11)), "unknown kind `comand`; did you mean `command`?");
        assert_eq!(
            complaints_text("bad.yaml", text, &[complaint], Paint::new(false)),
            "bad.yaml:4:11: error[unknown-kind]: unknown kind `comand`\n   |\n 4 |     kind: comand\n   |           ^\n   \
             = hint: did you mean `command`?"
        );
    }

    #[test]
    fn an_error_without_a_place_in_the_text_shows_its_pointer() {
        let complaint = complaint(None, "unknown kind");
        assert_eq!(
            complaints_text("bad.json", "", &[complaint], Paint::new(false)),
            "bad.json: /steps/0/kind: error[unknown-kind]: unknown kind"
        );
    }

    #[test]
    fn a_place_beyond_the_text_or_in_an_endless_line_is_no_trouble() {
        let long = "é".repeat(1000);
        for position in [(1, 1), (1, 500), (1, 1000), (1, 4000), (9, 1), (0, 0)] {
            let text = complaints_text("x", &long, &[complaint(Some(position), "m")], Paint::new(false));
            assert!(text.chars().count() < 400, "{position:?}: {text}");
        }
    }
}
