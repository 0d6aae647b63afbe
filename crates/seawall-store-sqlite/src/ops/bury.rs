//! Death: nodes are declared dead and what they held is released, in one change.

use std::time::Duration;

use rusqlite::params;
use seawall_store::{NodeId, StoreError, Timestamp, Watchers};

use crate::error::OpError;
use crate::writer::{Operation, Tx};

/// Dead identities that are remembered.
const DEAD: i64 = 1000;

/// Buries expired nodes. Answers how many runs were released.
pub(crate) struct Bury;

impl Operation for Bury {
    type Answer = u64;

    fn run(&self, tx: &Tx<'_>) -> Result<u64, OpError> {
        bury_until(tx, tx.now())
    }

    fn tell(&self, released: &u64, watchers: &Watchers) {
        if *released > 0 {
            watchers.work();
        }
    }
}

/// Makes a node alive and buries all others: the file lock proves their processes dead.
pub(crate) struct Register {
    pub(crate) node: NodeId,
    pub(crate) ttl: Duration,
}

impl Operation for Register {
    type Answer = u64;

    fn run(&self, tx: &Tx<'_>) -> Result<u64, OpError> {
        let node = self.node.uuid().into_bytes();
        if tx.statement("SELECT 1 FROM nodes WHERE id = ?1")?.exists([node])? {
            return Err(StoreError::Exists.into());
        }
        let released = bury_until(tx, Timestamp::from_millis(i64::MAX))?;
        let alive_until = tx.now().saturating_add(self.ttl).as_millis();
        let node_no = tx
            .statement("INSERT INTO nodes (id, alive_until, dead) VALUES (?1, ?2, 0)")?
            .insert(params![node, alive_until])?;
        tx.statement("DELETE FROM nodes WHERE dead = 1 AND node_no < ?1")?
            .execute([node_no - DEAD])?;
        Ok(released)
    }

    fn tell(&self, released: &u64, watchers: &Watchers) {
        if *released > 0 {
            watchers.work();
        }
    }
}

/// Buries the nodes whose life ends at or before `end`.
fn bury_until(tx: &Tx<'_>, end: Timestamp) -> Result<u64, OpError> {
    let nodes = tx
        .statement("SELECT id FROM nodes WHERE dead = 0 AND alive_until <= ?1")?
        .query_map([end.as_millis()], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<[u8; 16]>>>()?;
    let mut released = 0;
    for node in nodes {
        tx.statement("UPDATE nodes SET dead = 1 WHERE id = ?1")?
            .execute([node])?;
        let runs = tx
            .statement(include_str!("../sql/bury.sql"))?
            .execute(params![tx.now().as_millis(), node])?;
        released += runs as u64;
    }
    Ok(released)
}
