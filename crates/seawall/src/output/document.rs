//! Problem documents for people.

use std::fmt::Write as _;

use super::plain;
use crate::client::Problem;

/// What was refused and why, where, and the id under which the server logged it.
pub(crate) fn problem_text(problem: &Problem) -> String {
    let code = if problem.code.is_empty() { "http" } else { &problem.code };
    let mut text = format!("error[{}]: {}", plain(code), plain(&problem.title));
    if let Some(detail) = problem.detail.as_deref().filter(|detail| *detail != problem.title) {
        let _ = write!(text, "\n  {}", plain(detail));
    }
    if let Some(scope) = &problem.required_scope {
        let _ = write!(text, "\n  it needs the scope {}", plain(scope));
    }
    for error in &problem.errors {
        let place = if error.pointer.is_empty() { "/" } else { &error.pointer };
        let _ = write!(
            text,
            "\n  {}: {} [{}]",
            plain(place),
            plain(&error.message),
            plain(&error.code)
        );
    }
    // The only condition that commands make.
    if problem.status == 412 {
        text.push_str("\n  nothing was written: look at it again, then repeat the command");
    }
    if let Some(id) = &problem.request_id
        && problem.status >= 500
    {
        let _ = write!(text, "\n  request id: {}", plain(id));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ProblemError;

    #[test]
    fn a_problem_says_what_where_and_under_which_id() {
        let problem = Problem {
            title: "Validation error".to_owned(),
            status: 503,
            detail: Some("Two things\u{1b}[31m.".to_owned()),
            code: "validation-error".to_owned(),
            request_id: Some("abc".to_owned()),
            errors: vec![ProblemError {
                pointer: "/since".to_owned(),
                message: "expected a time".to_owned(),
                code: "invalid-value".to_owned(),
            }],
            required_scope: Some("runs:read".to_owned()),
        };
        assert_eq!(
            problem_text(&problem),
            "error[validation-error]: Validation error\n  Two things [31m.\n  it needs the scope runs:read\n  /since: \
             expected a time [invalid-value]\n  request id: abc"
        );
    }
}
