use seawall_store::{LockPolicy, LoginAttempt, TenantId, UserId};

use super::users::{require, write};
use crate::error::OpError;
use crate::writer::{Operation, Tx};

pub(crate) struct BeginLogin {
    pub(crate) tenant: TenantId,
    pub(crate) id: UserId,
    pub(crate) policy: LockPolicy,
}

impl Operation for BeginLogin {
    type Answer = LoginAttempt;

    fn run(&self, tx: &Tx<'_>) -> Result<LoginAttempt, OpError> {
        let mut found = require(tx, &self.tenant, self.id)?;
        let record = &mut found.user.record;
        if let Some(until) = record.locked_until.filter(|until| tx.now() < *until) {
            return Ok(LoginAttempt::Locked { until });
        }
        record.attempts = record.attempts.saturating_add(1);
        let lock = self.policy.lock_after(record.attempts);
        record.locked_until = lock.map(|lock| tx.now().saturating_add(lock));
        let attempts = record.attempts;
        write(tx, &found)?;
        Ok(LoginAttempt::Admitted { attempts })
    }
}
