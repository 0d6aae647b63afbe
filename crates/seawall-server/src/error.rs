//! Errors of the engine and the store as problems: the one place that maps them and logs what the caller may not see.

use std::borrow::Cow;
use std::error::Error as _;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use seawall_engine::EngineError;
use seawall_guard::problem::{FieldError, Pointer, Problem, kinds};
use seawall_store::StoreError;

use crate::identity::accounts::AccountError;
use crate::identity::{invalid_credentials, lacks, unauthenticated};
use crate::once::withheld;
use crate::problems;

/// Why a handler refuses.
#[derive(Debug)]
pub(crate) struct ApiError(Problem);

pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// One thing that is wrong with the request's content.
    pub(crate) fn invalid(pointer: &Pointer, code: &'static str, message: impl Into<String>) -> Self {
        let errors = vec![FieldError::new(pointer, code, message)];
        Self(Problem::new(&kinds::VALIDATION_ERROR).with_errors(errors))
    }

    /// Code and sentence, for an answer that holds several.
    pub(crate) fn told(self) -> (&'static str, String) {
        let first = self
            .0
            .errors()
            .first()
            .map(|error| format!("{}: {}", error.pointer, error.message));
        (self.0.kind().code, first.unwrap_or_else(|| self.0.detail().to_owned()))
    }

    /// A definition that does not even parse, or does not compile.
    pub(crate) fn definition(errors: Vec<FieldError>) -> Self {
        Self(Problem::new(&problems::WORKFLOW_INVALID).with_errors(errors))
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        Self(of_engine(error))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self(of_engine(EngineError::Store(error)))
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        Self(of_account(error))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

fn of_engine(error: EngineError) -> Problem {
    if matches!(error, EngineError::Store(_) | EngineError::Corrupt(_)) {
        return of_fault(&error);
    }
    let detail = error.to_string();
    match error {
        EngineError::NotFound(_) => Problem::new(&kinds::NOT_FOUND).with_detail(sentence(&detail)),
        EngineError::InvalidDefinition(errors) => {
            let errors = errors.into_iter().map(|e| field(&e.pointer, e.code, e.message));
            Problem::new(&problems::WORKFLOW_INVALID).with_errors(errors.collect())
        }
        EngineError::InvalidInput(errors) => {
            let errors = errors.into_iter().map(|e| field(&e.pointer, e.code, e.message));
            Problem::new(&kinds::VALIDATION_ERROR)
                .with_detail("The input does not match the workflow's schema.")
                .with_errors(errors.collect())
        }
        EngineError::Invalid { pointer, code, message } => {
            Problem::new(&kinds::VALIDATION_ERROR).with_errors(vec![field(&pointer, code, message)])
        }
        EngineError::InvalidFields(errors) => {
            let errors = errors.into_iter().map(|e| field(&e.pointer, e.code, e.message));
            Problem::new(&kinds::VALIDATION_ERROR).with_errors(errors.collect())
        }
        EngineError::NameTaken => Problem::new(&kinds::CONFLICT).with_detail("A workflow of that name exists."),
        EngineError::PreconditionFailed => Problem::new(&kinds::PRECONDITION_FAILED),
        EngineError::Conflict { .. } => Problem::new(&kinds::CONFLICT).with_detail(sentence(&detail)),
        EngineError::TooManySchedules { most } => Problem::new(&problems::TOO_MANY_SCHEDULES)
            .with_detail(sentence(&detail))
            .with_extension("limit", most),
        EngineError::IdempotencyKeyReused => Problem::new(&kinds::IDEMPOTENCY_KEY_REUSED),
        EngineError::Overloaded(_) => overloaded(),
        EngineError::Store(_) | EngineError::Corrupt(_) => Problem::new(&kinds::INTERNAL_ERROR),
    }
}

fn of_account(error: AccountError) -> Problem {
    let detail = sentence(&error.to_string());
    match error {
        AccountError::WrongLogin => unauthenticated().with_detail("The address or the password is wrong."),
        AccountError::WrongToken => invalid_credentials(),
        AccountError::NoLogin | AccountError::EmailTaken | AccountError::LastAdmin => {
            Problem::new(&kinds::CONFLICT).with_detail(detail)
        }
        AccountError::TooManyUsers { most } => Problem::new(&problems::TOO_MANY_USERS).with_extension("limit", most),
        AccountError::TooManyKeys { most } => Problem::new(&problems::TOO_MANY_API_KEYS).with_extension("limit", most),
        AccountError::Lacks(scope) => lacks(scope),
        AccountError::Withheld => withheld(),
        AccountError::Hash(error) => error.into(),
        AccountError::Token(error) => {
            tracing::error!(error = %error, "a token could not be signed");
            Problem::new(&kinds::INTERNAL_ERROR)
        }
        AccountError::Store(error) => of_engine(EngineError::Store(error)),
    }
}

/// A fault behind the engine. A refusal that the engine passed on as it was still means what it means.
fn of_fault(error: &EngineError) -> Problem {
    let problem = match error {
        EngineError::Store(store) => match store {
            StoreError::NotFound => return Problem::new(&kinds::NOT_FOUND),
            StoreError::Exists | StoreError::ApprovalSettled | StoreError::FlowRejected { .. } => {
                return Problem::new(&kinds::CONFLICT).with_detail(sentence(&store.to_string()));
            }
            StoreError::RunIs(_) => return Problem::new(&kinds::CONFLICT).with_detail(sentence(&store.to_string())),
            StoreError::PreconditionFailed => return Problem::new(&kinds::PRECONDITION_FAILED),
            StoreError::TooManySchedules { .. } => return Problem::new(&problems::TOO_MANY_SCHEDULES),
            StoreError::IdempotencyKeyReused => return Problem::new(&kinds::IDEMPOTENCY_KEY_REUSED),
            StoreError::Busy => return overloaded(),
            StoreError::Unavailable { .. } | StoreError::Ambiguous { .. } => Problem::new(&kinds::SERVICE_UNAVAILABLE)
                .with_extension("dependency", "store")
                .with_retry_after(Duration::from_secs(5)),
            StoreError::StaleLease | StoreError::NodeDead => {
                Problem::new(&kinds::SERVICE_UNAVAILABLE).with_retry_after(Duration::from_secs(1))
            }
            StoreError::Corrupt { .. } => Problem::new(&kinds::INTERNAL_ERROR),
        },
        _ => Problem::new(&kinds::INTERNAL_ERROR),
    };
    log(error, problem.kind().code);
    problem
}

fn log(error: &EngineError, code: &'static str) {
    let mut cause = String::new();
    let mut next = error.source();
    while let Some(error) = next {
        if !cause.is_empty() {
            cause.push_str(": ");
        }
        cause.push_str(&error.to_string());
        next = error.source();
    }
    tracing::error!(error = %error, error.cause = cause, problem.code = code, "a request failed");
}

fn overloaded() -> Problem {
    Problem::new(&kinds::OVERLOADED).with_retry_after(Duration::from_secs(1))
}

fn field(pointer: &str, code: impl Into<Cow<'static, str>>, message: String) -> FieldError {
    FieldError::new(&Pointer::from_text(pointer), code, message)
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_ascii_uppercase());
    let body: String = first.into_iter().chain(characters).collect();
    if body.ends_with(['.', '!', '?']) {
        body
    } else {
        body + "."
    }
}
