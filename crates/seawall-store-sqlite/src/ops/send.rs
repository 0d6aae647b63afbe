use seawall_store::{NewMessage, RunId, Sent, StoreError, TenantId, Watchers};

use crate::error::OpError;
use crate::ops::deliver::{deliver, is_known};
use crate::rows::run_by_id;
use crate::writer::{Operation, Tx};

/// A message from outside.
pub(crate) struct Send {
    pub(crate) tenant: TenantId,
    pub(crate) run: RunId,
    pub(crate) message: NewMessage,
}

impl Operation for Send {
    type Answer = Sent;

    fn run(&self, tx: &Tx<'_>) -> Result<Sent, OpError> {
        let message = &self.message;
        let record = run_by_id(tx.conn(), &self.tenant, self.run)?.ok_or(StoreError::NotFound)?;
        if is_known(tx, record.key.0, &message.key)? {
            return Ok(Sent::Duplicate);
        }
        let status = record.projection.status;
        if !message.allowed.contains(status) {
            return Err(StoreError::RunIs(status).into());
        }
        deliver(tx, record.key.0, &message.key, &message.body)?;
        Ok(Sent::Accepted)
    }

    fn tell(&self, sent: &Sent, watchers: &Watchers) {
        if *sent == Sent::Accepted {
            watchers.message(self.run);
        }
    }

    fn payload(&self) -> usize {
        self.message.body.len() + self.message.key.0.len()
    }
}
