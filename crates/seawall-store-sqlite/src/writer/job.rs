//! An operation on its way through the writer.

use std::any::type_name;

use seawall_store::{StoreError, StoreResult, Watchers};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::error::{OpError, fault_kind, sql_error};
use crate::slow::Watch;
use crate::writer::{Fault, Tx};

/// What every operation costs in the queue on top of its payload.
pub(super) const FIXED_BYTES: usize = 512;

/// One atomic change. It may be run again when its batch is: it must not remember an earlier run.
pub(crate) trait Operation: Send + 'static {
    type Answer: Send + 'static;

    /// Executes the change inside its own savepoint. What an error leaves half done is rolled back.
    fn run(&self, tx: &Tx<'_>) -> Result<Self::Answer, OpError>;

    /// Tells those who wait, once the change is durable, or may be: a wake-up too many costs a look, one too few strands
    /// whoever sleeps.
    fn tell(&self, _answer: &Self::Answer, _watchers: &Watchers) {}

    /// Bytes of payload that wait in memory with it.
    fn payload(&self) -> usize {
        0
    }
}

/// How a run went.
pub(crate) enum Ran {
    Done,
    /// Nothing of it is to stay; its answer is ready.
    Refused,
    /// As refused, and the reason concerns the whole store.
    Fault(Fault),
}

/// An operation with its kind forgotten.
pub(crate) trait Job: Send {
    fn run(&mut self, tx: &Tx<'_>) -> Ran;
    /// Replaces the answer of an operation of which nothing was written.
    fn fail(&mut self, error: StoreError);
    /// Replaces the answer of an operation that may or may not be durable.
    fn doubt(&mut self, fault: &Fault);
    fn bytes(&self) -> usize;
    /// Only after the batch's fate is known.
    fn answer(self: Box<Self>, watchers: &Watchers);
}

pub(super) struct Pending<O: Operation> {
    pub(super) operation: O,
    pub(super) outcome: Option<StoreResult<O::Answer>>,
    /// The fate of the transaction is not known: whoever sent this is told so instead of the outcome.
    pub(super) doubt: Option<Fault>,
    pub(super) reply: oneshot::Sender<StoreResult<O::Answer>>,
    pub(super) _room: OwnedSemaphorePermit,
}

impl<O: Operation> Job for Pending<O> {
    fn run(&mut self, tx: &Tx<'_>) -> Ran {
        let watch = Watch::start();
        let outcome = self.operation.run(tx);
        watch.tell("write", type_name::<O>());
        let (outcome, ran) = match outcome {
            Ok(answer) => (Ok(answer), Ran::Done),
            Err(OpError::Refused(error)) => (Err(error), Ran::Refused),
            Err(OpError::Sql(error)) => match fault_kind(&error) {
                Some(kind) => {
                    let fault = Fault::of(kind, &error);
                    (Err(fault.unavailable()), Ran::Fault(fault))
                }
                None => (Err(sql_error(error)), Ran::Refused),
            },
        };
        self.outcome = Some(outcome);
        ran
    }

    fn fail(&mut self, error: StoreError) {
        self.outcome = Some(Err(error));
    }

    fn doubt(&mut self, fault: &Fault) {
        self.doubt = Some(fault.clone());
    }

    fn bytes(&self) -> usize {
        self.operation.payload() + FIXED_BYTES
    }

    fn answer(self: Box<Self>, watchers: &Watchers) {
        // Without an outcome the sender is dropped, which its caller takes for an unknown outcome.
        let Some(outcome) = self.outcome else { return };
        if let Ok(answer) = &outcome {
            self.operation.tell(answer, watchers);
        }
        let outcome = match self.doubt {
            Some(fault) => Err(fault.ambiguous()),
            None => outcome,
        };
        // The caller may have gone away; what was durable stays so.
        let _ = self.reply.send(outcome);
    }
}
