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
            Self::Client(ClientError::Problem(problem)) => problem_text(problem),
            Self::Other(error) => format!("error: {error:#}"),
            Self::Client(_) | Self::Output(_) => with_causes(self),
        }
    }
}

/// What the caller sent was wrong (2), or it was right and did not work (1).
fn of_problem(problem: &Problem) -> Exit {
    match problem.status {
        400 | 404 | 413 | 415 | 422 => Exit::Usage,
        _ => Exit::Failed,
    }
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
