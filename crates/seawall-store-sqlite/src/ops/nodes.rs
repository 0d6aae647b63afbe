use std::time::Duration;

use rusqlite::params;
use seawall_store::{NodeId, StoreError, Watchers};

use crate::error::OpError;
use crate::writer::{Operation, Tx};

pub(crate) struct Renew {
    pub(crate) node: NodeId,
    pub(crate) ttl: Duration,
}

impl Operation for Renew {
    type Answer = ();

    fn run(&self, tx: &Tx<'_>) -> Result<(), OpError> {
        prolong(tx, self.node, self.ttl)
    }
}

/// Prolongs the life of a node that was not buried. Whether it has expired does not matter: the file lock keeps out whoever
/// could have taken its runs, and it is the wall clock that says so.
pub(super) fn prolong(tx: &Tx<'_>, node: NodeId, ttl: Duration) -> Result<(), OpError> {
    let renewed = tx
        .statement("UPDATE nodes SET alive_until = ?2 WHERE id = ?1 AND dead = 0")?
        .execute(params![
            node.uuid().as_bytes(),
            tx.now().saturating_add(ttl).as_millis()
        ])?;
    if renewed == 0 {
        return Err(StoreError::NodeDead.into());
    }
    Ok(())
}

pub(super) fn require_alive(tx: &Tx<'_>, node: NodeId) -> Result<(), OpError> {
    let alive = tx
        .statement("SELECT 1 FROM nodes WHERE id = ?1 AND dead = 0")?
        .exists([node.uuid().as_bytes()])?;
    if alive {
        Ok(())
    } else {
        Err(StoreError::NodeDead.into())
    }
}

/// A clean end. Answers how many runs were released.
pub(crate) struct Retire(pub(crate) NodeId);

impl Operation for Retire {
    type Answer = usize;

    fn run(&self, tx: &Tx<'_>) -> Result<usize, OpError> {
        let node = self.0.uuid().into_bytes();
        let forgotten = tx
            .statement("DELETE FROM nodes WHERE id = ?1 AND dead = 0")?
            .execute([node])?;
        if forgotten == 0 {
            return Ok(0);
        }
        let released = tx
            .statement("UPDATE runs SET holder = NULL, due = 0 WHERE holder = ?1")?
            .execute([node])?;
        Ok(released)
    }

    fn tell(&self, released: &usize, watchers: &Watchers) {
        if *released > 0 {
            watchers.work();
        }
    }
}
