//! Why the client has no answer, and what the service says when it refuses.

use serde::Deserialize;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no good answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// The service answered, and refused.
    #[error("{}", .0.title)]
    Problem(Box<Problem>),
    #[error("`{url}` is not the address of a server: {message}")]
    BadUrl { url: String, message: String },
    #[error("cannot reach the server at {url}")]
    Connect { url: String, source: Source },
    #[error("the connection to the server was lost")]
    Broken { source: Source },
    #[error("the server's answer was not understood")]
    Unexpected { source: Source },
    #[error("the server's answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the service in this process stopped working")]
    Local { source: Source },
}

impl ClientError {
    pub(super) fn unexpected(source: impl Into<Source>) -> Self {
        Self::Unexpected { source: source.into() }
    }

    /// The problem, if that is what it was.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// Whether the same request may work a moment later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Broken { .. } => true,
            Self::Problem(problem) => matches!(problem.status, 408 | 429 | 502 | 503 | 504),
            _ => false,
        }
    }
}

/// A problem document (RFC 9457), as far as it is shown.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    pub(crate) title: String,
    pub(crate) status: u16,
    pub(crate) detail: Option<String>,
    pub(crate) code: String,
    pub(crate) request_id: Option<String>,
    pub(crate) errors: Vec<ProblemError>,
    /// What the credentials do not allow.
    pub(crate) required_scope: Option<String>,
}

/// One thing that is wrong with a request.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ProblemError {
    pub(crate) pointer: String,
    pub(crate) message: String,
    pub(crate) code: String,
}

impl Problem {
    /// From an answer's body; whoever stands between may answer with something else.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        let mut problem: Self = serde_json::from_slice(body).unwrap_or_default();
        problem.status = status;
        if problem.title.is_empty() {
            problem.title = format!("the server answered {status}");
        }
        problem
    }
}
