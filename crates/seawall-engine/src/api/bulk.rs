//! Cancelling and retrying many runs at once: each by the verb that does it to one, and each with an answer of its own.

use futures_util::stream::{StreamExt as _, iter};
use seawall_store::{Cursor, RunId, StatusSet};

use crate::api::engine::Result;
use crate::api::search::RunSearch;
use crate::api::{Engine, EngineError, Principal};

/// Messages that are on their way to the store at once; it folds them into few commits.
const AT_ONCE: usize = 32;

/// What is done to each run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BulkVerb {
    Cancel,
    Retry,
}

impl BulkVerb {
    /// The statuses of runs to which it can be done.
    #[must_use]
    pub fn allowed(self) -> StatusSet {
        match self {
            Self::Cancel => StatusSet::live(),
            Self::Retry => StatusSet::retriable(),
        }
    }
}

/// Which runs, and how many of them. Without statuses the search means all that the verb allows; with any, the caller has
/// seen to it that the verb allows them.
#[derive(Clone, Debug)]
pub struct BulkRequest {
    pub search: RunSearch,
    pub limit: u32,
    pub cursor: Option<Cursor>,
    /// Only says which runs are meant.
    pub dry_run: bool,
}

impl BulkRequest {
    /// Runs of one request.
    pub const MAX: u32 = 1000;
}

/// What became of one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BulkOutcome {
    /// Nothing was done: this was a dry run.
    Matched,
    /// The message is durable.
    Accepted,
    /// Its state forbids it, or has come to forbid it.
    Conflict(String),
    /// It could not be told; another try may work.
    Failed(String),
}

#[derive(Clone, Debug)]
pub struct BulkItem {
    pub run: RunId,
    pub outcome: BulkOutcome,
}

/// What became of all of them.
#[derive(Clone, Debug)]
pub struct BulkAnswer {
    /// Newest run first.
    pub items: Vec<BulkItem>,
    /// Where to go on, if there may be more.
    pub next: Option<Cursor>,
}

impl Engine {
    /// # Errors
    /// `Store`, `Overloaded` where no run could be looked for; what happens to single runs stands in the answer.
    pub async fn bulk(&self, by: &Principal, verb: BulkVerb, request: &BulkRequest) -> Result<BulkAnswer> {
        self.is_open()?;
        let mut search = request.search.clone();
        search.filter.statuses = search.filter.statuses.or(Some(verb.allowed()));
        let limit = request.limit.clamp(1, BulkRequest::MAX);
        let found = self.find_runs(by, &search, limit, request.cursor).await?;
        let runs: Vec<RunId> = found.records.iter().map(|record| record.id).collect();
        if request.dry_run {
            let items = runs.into_iter().map(|run| BulkItem {
                run,
                outcome: BulkOutcome::Matched,
            });
            return Ok(BulkAnswer {
                items: items.collect(),
                next: found.next,
            });
        }
        let told = runs.into_iter().map(|run| self.tell(by, verb, run));
        Ok(BulkAnswer {
            items: iter(told).buffered(AT_ONCE).collect().await,
            next: found.next,
        })
    }

    async fn tell(&self, by: &Principal, verb: BulkVerb, run: RunId) -> BulkItem {
        let told = match verb {
            BulkVerb::Cancel => self.cancel(by, run).await,
            BulkVerb::Retry => self.retry(by, run).await,
        };
        BulkItem {
            run,
            outcome: outcome(told),
        }
    }
}

fn outcome(told: Result<()>) -> BulkOutcome {
    match told {
        Ok(()) => BulkOutcome::Accepted,
        Err(error @ (EngineError::Conflict { .. } | EngineError::NotFound(_))) => {
            BulkOutcome::Conflict(error.to_string())
        }
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "one of many runs could not be told"
            );
            BulkOutcome::Failed(error.to_string())
        }
    }
}
