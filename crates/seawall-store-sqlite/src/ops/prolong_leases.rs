use rusqlite::params;
use seawall_store::LeasesAnew;

use crate::codec::millis;
use crate::error::OpError;
use crate::writer::{Operation, Tx};

/// Leases of tasks begin anew.
pub(crate) struct ProlongLeases(pub(crate) LeasesAnew);

impl Operation for ProlongLeases {
    type Answer = u32;

    fn run(&self, tx: &Tx<'_>) -> Result<u32, OpError> {
        let LeasesAnew {
            from,
            ahead,
            grace,
            limit,
        } = self.0;
        let changed = tx
            .statement(include_str!("../sql/prolong_leases.sql"))?
            .execute(params![from.as_millis(), millis(ahead), millis(grace), limit])?;
        Ok(u32::try_from(changed).unwrap_or(u32::MAX))
    }

    fn payload(&self) -> usize {
        64 * self.0.limit as usize
    }
}
