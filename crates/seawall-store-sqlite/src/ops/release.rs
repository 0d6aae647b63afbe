use rusqlite::params;
use seawall_store::{Lease, Seq, StoreError, Timestamp, Watchers};

use crate::codec::maybe_millis;
use crate::error::OpError;
use crate::ops::deliver::has_unread;
use crate::ops::fence::check_lease;
use crate::writer::{Operation, Tx};

pub(crate) struct Release {
    pub(crate) lease: Lease,
    pub(crate) at: Seq,
    pub(crate) due: Option<Timestamp>,
}

impl Operation for Release {
    type Answer = Option<Timestamp>;

    fn run(&self, tx: &Tx<'_>) -> Result<Self::Answer, OpError> {
        if check_lease(tx.conn(), &self.lease)? != self.at {
            return Err(StoreError::StaleLease.into());
        }
        let run_no = self.lease.key.0;
        let due = if has_unread(tx, run_no)? {
            Some(Timestamp::ZERO)
        } else {
            self.due
        };
        tx.statement("UPDATE runs SET holder = NULL, due = ?2 WHERE run_no = ?1")?
            .execute(params![run_no, maybe_millis(due)])?;
        Ok(due)
    }

    fn tell(&self, due: &Option<Timestamp>, watchers: &Watchers) {
        if due.is_some() {
            watchers.work();
        }
    }
}
