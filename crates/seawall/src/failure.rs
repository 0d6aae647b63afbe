//! Why a command did not do what was asked.

use std::error::Error as StdError;

use crate::client::{ClientError, Problem};
use crate::exit::Exit;
use crate::output::problem_text;

/// A command's failure: what to print on stderr, and how to exit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line, a definition or an input is wrong. The text is complete, with places and hints.
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the output cannot be written")]
    Output(#[source] std::io::Error),
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

const KEY_HINT: &str = "= hint: set SEAWALL_API_KEY to a key of that server. The one with which it began is in its data folder, in \
                        admin.key, unless it was given ADMIN_API_KEY";

const PLACE_HINT: &str =
    "= hint: outside dev a server is called as its clients do: set SEAWALL_SERVER to its https address";

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Client(ClientError::Problem(problem)) => of_problem(problem),
            Self::Client(ClientError::BadUrl { .. }) => Exit::Usage,
            Self::Client(_) | Self::Output(_) | Self::Other(_) => Exit::Failed,
        }
    }

    /// For people, without a newline at the end.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Usage(text) => text.clone(),
            Self::Client(ClientError::Problem(problem)) if problem.status == 401 => {
                format!("{}\n  {KEY_HINT}", problem_text(problem))
            }
            Self::Client(ClientError::Problem(problem)) if is_of_place(problem) => {
                format!("{}\n  {PLACE_HINT}", problem_text(problem))
            }
            Self::Client(ClientError::Problem(problem)) => problem_text(problem),
            Self::Client(error @ ClientError::Connect { .. }) => unreachable_text(error),
            Self::Other(error) => format!("error: {error:#}"),
            Self::Client(_) | Self::Output(_) => with_causes(self),
        }
    }
}

/// Nothing is wrong but where the request went.
fn is_of_place(problem: &Problem) -> bool {
    matches!(&*problem.code, "https-required" | "host-not-allowed")
}

/// What the caller sent was wrong (2), or it was right and did not work (1).
fn of_problem(problem: &Problem) -> Exit {
    match problem.status {
        400 | 404 | 413 | 415 | 422 => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// Between the first and the last cause stands only how the client is built.
fn unreachable_text(error: &ClientError) -> String {
    let mut last: &dyn StdError = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    format!(
        "error: {error}: {last}. Is `seawall serve` running there? Without --server and SEAWALL_SERVER a command works on the \
         data folder itself"
    )
}

fn with_causes(error: &dyn StdError) -> String {
    let mut text = format!("error: {error}");
    let mut last = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let own = cause.to_string();
        if own != last {
            text.push_str(": ");
            text.push_str(&own);
        }
        last = own;
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_not_there_is_told_with_the_last_cause_and_what_to_do() {
        let refused = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "connection refused");
        let source = anyhow::Error::from(refused).context("error sending request").into();
        let url = "http://127.0.0.1:9/".to_owned();
        let text = Failure::Client(ClientError::Connect { url, source }).text();
        let (what, hint) = text.split_once(". ").unwrap();
        assert_eq!(
            what,
            "error: cannot reach the server at http://127.0.0.1:9/: connection refused"
        );
        assert!(hint.contains("seawall serve"), "{hint}");
    }

    #[test]
    fn a_server_that_does_not_let_in_is_told_with_what_to_set() {
        let text = |status, code: &str| {
            let code = code.to_owned();
            let problem = Problem {
                status,
                code,
                ..Problem::default()
            };
            Failure::Client(ClientError::Problem(Box::new(problem))).text()
        };
        assert!(text(401, "unauthenticated").contains("SEAWALL_API_KEY"));
        for (status, code) in [(403, "https-required"), (421, "host-not-allowed")] {
            assert!(text(status, code).contains("SEAWALL_SERVER"), "{code}");
        }
        assert!(!text(403, "insufficient-scope").contains("hint"));
    }

    #[test]
    fn a_bad_request_is_usage_and_a_broken_server_is_not() {
        let exit = |status| {
            of_problem(&Problem {
                status,
                ..Problem::default()
            })
            .code()
        };
        assert_eq!([400, 404, 422].map(exit), [2, 2, 2]);
        assert_eq!([409, 500, 503].map(exit), [1, 1, 1]);
    }
}
