use rusqlite::params;
use seawall_store::{NewTicket, StoreError, TenantId, TicketRecord};

use crate::error::OpError;
use crate::rows::tenant_no_or_new;
use crate::writer::{Operation, Tx};

pub(crate) struct IssueTicket {
    pub(crate) tenant: TenantId,
    pub(crate) new: NewTicket,
}

impl Operation for IssueTicket {
    type Answer = TicketRecord;

    fn run(&self, tx: &Tx<'_>) -> Result<TicketRecord, OpError> {
        let new = &self.new;
        let tenant_no = tenant_no_or_new(tx.conn(), &self.tenant)?;
        let run = new.run.uuid().into_bytes();
        let there = tx
            .statement("SELECT 1 FROM runs WHERE id = ?1 AND tenant_no = ?2")?
            .exists(params![run, tenant_no])?;
        if !there {
            return Err(StoreError::NotFound.into());
        }
        let taken = tx
            .statement("SELECT 1 FROM tickets WHERE hash = ?1")?
            .exists([new.hash.as_bytes()])?;
        if taken {
            return Err(StoreError::Exists.into());
        }
        let expires_at = tx.now().saturating_add(new.lives);
        tx.statement("INSERT INTO tickets (hash, tenant_no, run, principal, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                new.hash.as_bytes(),
                tenant_no,
                run,
                new.principal.as_str(),
                expires_at.as_millis()
            ])?;
        Ok(TicketRecord {
            tenant: self.tenant.clone(),
            run: new.run,
            principal: new.principal.clone(),
            expires_at,
        })
    }
}
