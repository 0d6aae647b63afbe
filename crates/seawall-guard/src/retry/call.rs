use tokio::time::Instant;

use super::run::{Next, Run};
use super::{Attempt, Classify, End, Report, Retry, Terms};
use crate::timeout::Timed;

/// The last result of a call, and how it came to that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome<T, E> {
    /// An answer that was not accepted is an answer still.
    pub result: Result<T, Failed<E>>,
    pub report: Report,
}

/// Why a call has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Failed<E> {
    /// The last attempt's own error.
    #[error("the last attempt failed")]
    Attempt(#[source] E),
    /// The deadline passed while an attempt was under way: it was dropped, and what it did is not known.
    #[error("no answer before the deadline")]
    Cut {
        /// The error of the attempt before it, if that was one.
        #[source]
        earlier: Option<E>,
    },
}

impl<C> Retry<C> {
    /// Makes a call, and repeats it as the policy says. `terms`: [`Idempotent`](super::Idempotent), a method, a request, or
    /// [`Terms`] with a deadline. `attempt` begins an attempt.
    ///
    /// The result of an attempt is kept until the next one is sent, and given if that is not to be.
    pub fn call<T, E, F, A>(&self, terms: impl Into<Terms>, attempt: F) -> impl Future<Output = Outcome<T, E>>
    where
        C: Classify<T, E>,
        F: FnMut(Attempt) -> A,
        A: Future<Output = Result<T, E>>,
    {
        let run = Run::begin(&self.policy, terms.into(), Instant::now());
        self.attempts(run, attempt)
    }

    async fn attempts<T, E, F, A>(&self, mut run: Run, mut attempt: F) -> Outcome<T, E>
    where
        C: Classify<T, E>,
        F: FnMut(Attempt) -> A,
        A: Future<Output = Result<T, E>>,
    {
        let policy = &*self.policy;
        let mut earlier = None;
        let (result, end) = loop {
            let Ok(result) = Timed::until(attempt(run.attempt()), run.until()).await else {
                break (Err(Failed::Cut { earlier }), End::Deadline);
            };
            let verdict = policy.classify.classify(result.as_ref());
            let (at, withdrawal) = match run.decide(policy, verdict, Instant::now()) {
                Next::End(end) => break (result.map_err(Failed::Attempt), end),
                Next::Again(at, withdrawal) => (at, withdrawal),
            };
            tokio::time::sleep_until(at).await;
            if let Some(end) = run.hindrance(policy, Instant::now()) {
                break (result.map_err(Failed::Attempt), end);
            }
            run.send(withdrawal);
            earlier = result.err();
        };
        let report = run.report(end);
        policy.tell_end(&report);
        Outcome { result, report }
    }
}
