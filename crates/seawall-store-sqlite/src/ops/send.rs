use seawall_store::{Digest, NewMessage, RunId, RunRecord, Sent, StoreError, TenantId, Turn, Watchers};

use crate::error::OpError;
use crate::ops::create_run::tell_all;
use crate::ops::deliver::{Known, Reader, known, make_due, post, withhold_unread};
use crate::ops::flow::{Asker, Flow};
use crate::rows::run_by_id;
use crate::writer::{Operation, Tx};

/// A message from outside.
pub(crate) struct Send {
    pub(crate) tenant: TenantId,
    pub(crate) run: RunId,
    pub(crate) message: NewMessage,
    /// Of the message's body: the inbox keeps it when the message is read.
    pub(crate) fingerprint: Digest,
}

/// What became of it, and who heard of it.
pub(crate) struct Accepted {
    pub(crate) sent: Sent,
    told: Vec<RunId>,
}

impl Accepted {
    const fn plainly(sent: Sent) -> Self {
        Self { sent, told: Vec::new() }
    }
}

impl Operation for Send {
    type Answer = Accepted;

    fn run(&self, tx: &Tx<'_>) -> Result<Accepted, OpError> {
        let message = &self.message;
        let record = run_by_id(tx.conn(), &self.tenant, self.run)?.ok_or(StoreError::NotFound)?;
        if let Some(known) = known(tx, record.key.0, &message.key)? {
            return self.again(tx, &record, known);
        }
        let status = record.projection.status;
        if !message.allowed.contains(status) {
            return Err(StoreError::RunIs(status).into());
        }
        let run_no = record.key.0;
        let mut flow = Flow::new(tx);
        if message.turn == Turn::Ask && flow.is_released(run_no)? {
            post(tx, run_no, message, &self.fingerprint, Reader::Nobody)?;
            flow.come_back(run_no, self.run, Asker::Outside)?;
        } else {
            if message.turn == Turn::GiveUp && !flow.give_up(run_no)? {
                return Err(StoreError::RunIs(status).into());
            }
            post(tx, run_no, message, &self.fingerprint, Reader::Holder)?;
        }
        Ok(Accepted {
            sent: Sent::Accepted,
            told: flow.told,
        })
    }

    fn tell(&self, accepted: &Accepted, watchers: &Watchers) {
        if accepted.sent == Sent::Accepted {
            watchers.message(self.run);
        }
        tell_all(&accepted.told, watchers);
    }

    fn payload(&self) -> usize {
        self.message.body.len() + self.message.key.0.len()
    }
}

impl Send {
    /// A message that was sent before. As long as nobody has read it, it is to have its effect: a run that ended and was given
    /// back without reading it is due again.
    fn again(
        &self,
        tx: &Tx<'_>,
        record: &RunRecord,
        (known, body): (Known, Option<[u8; 32]>),
    ) -> Result<Accepted, OpError> {
        let run_no = record.key.0;
        let differs = body.is_some_and(|body| body != *self.fingerprint.as_bytes());
        let mut duplicate = Accepted::plainly(if differs { Sent::Differs } else { Sent::Duplicate });
        let allowed = self.message.allowed.contains(record.projection.status);
        if known == Known::Consumed || !allowed {
            return Ok(duplicate);
        }
        let mut flow = Flow::new(tx);
        // A holder may have the message in its hands.
        if self.message.turn == Turn::Ask && record.holder.is_none() && flow.is_released(run_no)? {
            withhold_unread(tx, run_no)?;
            flow.come_back(run_no, self.run, Asker::Outside)?;
        } else if known == Known::Unread {
            if self.message.turn == Turn::GiveUp {
                flow.give_up(run_no)?;
            }
            make_due(tx, run_no)?;
            duplicate.told.push(self.run);
        }
        duplicate.told.extend(flow.told);
        Ok(duplicate)
    }
}
