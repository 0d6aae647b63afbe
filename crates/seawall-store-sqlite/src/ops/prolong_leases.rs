use std::time::Duration;

use rusqlite::params;
use seawall_store::Timestamp;

use crate::codec::millis;
use crate::error::OpError;
use crate::writer::{Operation, Tx};

/// Leases of tasks begin anew.
pub(crate) struct ProlongLeases {
    pub(crate) from: Timestamp,
    pub(crate) ahead: Duration,
    pub(crate) limit: u32,
}

impl Operation for ProlongLeases {
    type Answer = u32;

    fn run(&self, tx: &Tx<'_>) -> Result<u32, OpError> {
        let changed = tx
            .statement(include_str!("../sql/prolong_leases.sql"))?
            .execute(params![self.from.as_millis(), millis(self.ahead), self.limit])?;
        Ok(u32::try_from(changed).unwrap_or(u32::MAX))
    }

    fn payload(&self) -> usize {
        64 * self.limit as usize
    }
}
