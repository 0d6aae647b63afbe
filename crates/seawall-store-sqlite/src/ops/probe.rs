use crate::error::OpError;
use crate::writer::{Operation, Tx};

/// A small durable write, to find out whether the store has recovered. What it needs room for stays no longer than it.
pub(crate) struct Probe;

/// More pages than the file is likely to have free, so that a full disk is not taken for a well one.
const BYTES: i64 = 64 << 10;

impl Operation for Probe {
    type Answer = ();

    fn run(&self, tx: &Tx<'_>) -> Result<(), OpError> {
        tx.statement("INSERT INTO probe (bytes) VALUES (zeroblob(?1))")?
            .execute([BYTES])?;
        tx.statement("DELETE FROM probe")?.execute([])?;
        Ok(())
    }
}
