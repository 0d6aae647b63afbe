use seawall_store::{NewMessage, RunId, Sent, StoreError, TenantId, Watchers};

use crate::error::OpError;
use crate::ops::create_run::tell_all;
use crate::ops::deliver::{deliver, is_known, withhold};
use crate::ops::flow::Flow;
use crate::rows::run_by_id;
use crate::writer::{Operation, Tx};

/// A message from outside.
pub(crate) struct Send {
    pub(crate) tenant: TenantId,
    pub(crate) run: RunId,
    pub(crate) message: NewMessage,
}

/// What became of it, and who else heard of it.
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
        if is_known(tx, record.key.0, &message.key)? {
            return Ok(Accepted::plainly(Sent::Duplicate));
        }
        let status = record.projection.status;
        if !message.allowed.contains(status) {
            return Err(StoreError::RunIs(status).into());
        }
        let mut flow = Flow::new(tx);
        if message.readmit && flow.is_released(record.key.0)? {
            withhold(tx, record.key.0, &message.key, &message.body)?;
            flow.come_back(record.key.0, self.run)?;
            return Ok(Accepted {
                sent: Sent::Accepted,
                told: flow.told,
            });
        }
        deliver(tx, record.key.0, &message.key, &message.body)?;
        Ok(Accepted::plainly(Sent::Accepted))
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
