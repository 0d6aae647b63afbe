use seawall_store::{NewTicket, RunId, TicketRecord};

use super::convert::{principal_name, store_hash};
use super::trail::Deed;
use super::{AccountError, Accounts, Actor};
use crate::identity::ticket::{TICKET_LIFETIME, Ticket};
use crate::identity::{KeyId, Principal, PrincipalKind, Scope, Scopes};

/// A ticket with its secret, which is nowhere else.
pub(crate) struct MadeTicket {
    pub(crate) record: TicketRecord,
    pub(crate) ticket: Ticket,
}

impl Accounts {
    /// A ticket for the events of one run of the actor's tenant.
    ///
    /// # Errors
    /// `NotFound` of the store when there is no such run.
    pub(crate) async fn issue_ticket(&self, actor: &Actor, run: RunId) -> Result<MadeTicket, AccountError> {
        let by = &actor.principal;
        let ticket = Ticket::generate();
        let new = NewTicket {
            hash: store_hash(ticket.hash()),
            run,
            principal: principal_name(&by.subject),
            lives: TICKET_LIFETIME,
        };
        let record = self.store.issue_ticket(&by.tenant, new).await?;
        let audit = self.trail.record(actor, Deed::done("ticket.issued", &run));
        self.append(&by.tenant, audit).await;
        Ok(MadeTicket { record, ticket })
    }

    /// For whom a ticket opens the events of this run. It stands for a key as long as that counts; what a person's ticket has
    /// opened does not end with their login, which it does not know.
    ///
    /// # Errors
    /// `WrongToken` for everything that is wrong with it: another run's, over, none.
    pub(crate) async fn redeem_ticket(&self, run: RunId, presented: &str) -> Result<Principal, AccountError> {
        let ticket: Ticket = presented.parse().map_err(|_| AccountError::WrongToken)?;
        let found = self.store.ticket(run, store_hash(ticket.hash())).await?;
        let found = found.ok_or(AccountError::WrongToken)?;
        let (subject, scopes) = (found.principal.as_str(), Scopes::of(&[Scope::RunsRead]));
        if KeyId::of_type_id(subject).is_some() {
            return Ok(Principal::key(found.tenant, subject, scopes));
        }
        Ok(Principal::named(
            found.tenant,
            PrincipalKind::Service,
            subject.into(),
            scopes,
        ))
    }
}
