//! What nobody needs any more, a bounded part at a time.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, params};
use seawall_store::Timestamp;

use crate::codec::millis;
use crate::error::OpError;
use crate::writer::{Operation, Tx};

/// What ended before this, ended longer ago than `kept_for`.
fn before(tx: &Tx<'_>, kept_for: Duration) -> Timestamp {
    Timestamp::from_millis(tx.now().as_millis().saturating_sub(millis(kept_for)))
}

/// No statement here deletes more rows than a `u32` limit allows.
fn count(rows: usize) -> u32 {
    u32::try_from(rows).unwrap_or(u32::MAX)
}

pub(crate) struct ForgetKeys {
    pub(crate) kept_for: Duration,
    pub(crate) limit: u32,
}

impl Operation for ForgetKeys {
    type Answer = u32;

    fn run(&self, tx: &Tx<'_>) -> Result<u32, OpError> {
        let since = before(tx, self.kept_for);
        let over = tx
            .statement(include_str!("../../sql/ended_keys.sql"))?
            .query_map(params![since.as_millis(), self.limit], |row| row.get(0))?
            .collect::<rusqlite::Result<Vec<i64>>>()?;
        for key_no in &over {
            tx.statement("DELETE FROM api_keys WHERE key_no = ?1")?
                .execute([key_no])?;
        }
        Ok(count(over.len()))
    }
}

pub(crate) struct ForgetRevocations {
    pub(crate) kept_for: Duration,
    pub(crate) limit: u32,
}

impl Operation for ForgetRevocations {
    type Answer = u32;

    fn run(&self, tx: &Tx<'_>) -> Result<u32, OpError> {
        let since = before(tx, self.kept_for);
        let first: Vec<(i64, i64)> = tx
            .statement("SELECT revocation_no, at FROM revocations ORDER BY revocation_no LIMIT ?1")?
            .query_map([self.limit], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        // What is kept has no gap, whatever the clock did.
        let over = first.iter().take_while(|(_, at)| *at < since.as_millis());
        let Some((last, _)) = over.last() else { return Ok(0) };
        let gone = tx
            .statement("DELETE FROM revocations WHERE revocation_no <= ?1")?
            .execute([last])?;
        Ok(count(gone))
    }
}

pub(crate) struct ForgetSessions {
    pub(crate) limit: u32,
}

impl Operation for ForgetSessions {
    type Answer = u32;

    fn run(&self, tx: &Tx<'_>) -> Result<u32, OpError> {
        let mut left = self.limit;
        while left > 0 {
            let over: Option<i64> = tx
                .statement(
                    "SELECT session_no FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at, session_no LIMIT 1",
                )?
                .query_row([tx.now().as_millis()], |row| row.get(0))
                .optional()?;
            let Some(session_no) = over else { break };
            let tokens = tx
                .statement(
                    "DELETE FROM session_tokens WHERE hash IN
                         (SELECT hash FROM session_tokens WHERE session_no = ?1 ORDER BY hash LIMIT ?2)",
                )?
                .execute(params![session_no, left])?;
            left -= count(tokens);
            if left > 0 {
                tx.statement("DELETE FROM sessions WHERE session_no = ?1")?
                    .execute([session_no])?;
                left -= 1;
            }
        }
        Ok(self.limit - left)
    }
}

pub(crate) struct ForgetRequests {
    pub(crate) limit: u32,
}

impl Operation for ForgetRequests {
    type Answer = u32;

    fn run(&self, tx: &Tx<'_>) -> Result<u32, OpError> {
        let gone = tx
            .statement(
                "DELETE FROM requests WHERE request_no IN
                     (SELECT request_no FROM requests WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
            )?
            .execute(params![tx.now().as_millis(), self.limit])?;
        Ok(count(gone))
    }
}

pub(crate) struct ForgetTickets {
    pub(crate) limit: u32,
}

impl Operation for ForgetTickets {
    type Answer = u32;

    fn run(&self, tx: &Tx<'_>) -> Result<u32, OpError> {
        let gone = tx
            .statement(
                "DELETE FROM tickets WHERE hash IN
                     (SELECT hash FROM tickets WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
            )?
            .execute(params![tx.now().as_millis(), self.limit])?;
        Ok(count(gone))
    }
}
