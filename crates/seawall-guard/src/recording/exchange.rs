use std::time::Duration;

use http::{Method, StatusCode};
use tokio::time::Instant;

use super::RouteId;
use crate::problem::ProblemKind;

/// A request and how it ended.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    pub method: MethodLabel,
    pub route: RouteId,
    pub outcome: Outcome,
    /// From the request's coming until its answer began, or until it was given up.
    pub took: Duration,
    /// When it ended.
    pub at: Instant,
    /// What it was rejected with.
    pub problem: Option<&'static ProblemKind>,
}

/// The method of a request. Anybody can make up methods, so there is a place for the others.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum MethodLabel {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
    Other,
}

impl MethodLabel {
    pub const ALL: [Self; 8] = [
        Self::Get,
        Self::Head,
        Self::Post,
        Self::Put,
        Self::Patch,
        Self::Delete,
        Self::Options,
        Self::Other,
    ];

    #[must_use]
    pub fn of(method: &Method) -> Self {
        match *method {
            Method::GET => Self::Get,
            Method::HEAD => Self::Head,
            Method::POST => Self::Post,
            Method::PUT => Self::Put,
            Method::PATCH => Self::Patch,
            Method::DELETE => Self::Delete,
            Method::OPTIONS => Self::Options,
            _ => Self::Other,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Other => "other",
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    Answered(StatusCode),
    /// The inner service gave an error instead of an answer.
    Failed,
    /// It was dropped before there was an answer: the client went away, or the server stopped.
    Abandoned,
}

impl Outcome {
    /// True where the server is to blame: a status of 500 or above, or no answer because of an error.
    #[must_use]
    pub fn is_error(self) -> bool {
        match self {
            Self::Answered(status) => status.is_server_error(),
            Self::Failed => true,
            Self::Abandoned => false,
        }
    }
}
