use seawall_store::{NewTicket, RunId, TicketRecord, UserId};

use super::convert::{principal_name, store_hash};
use super::trail::Deed;
use super::{AccountError, Accounts, Actor};
use crate::identity::ticket::{TICKET_LIFETIME, Ticket};
use crate::identity::{AuthenticationError, KeyId, Principal, PrincipalKind, Scope, Scopes};

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

    /// For whom a ticket opens the events of this run: as long as the key counts that it was made with, or the user may log in.
    /// It does not end with the user's session, which it does not know.
    ///
    /// # Errors
    /// `WrongToken` for everything that is wrong with it: another run's, over, none, of somebody who counts no more.
    pub(crate) async fn redeem_ticket(&self, run: RunId, presented: &str) -> Result<Principal, AccountError> {
        let ticket: Ticket = presented.parse().map_err(|_| AccountError::WrongToken)?;
        let found = self.store.ticket(run, store_hash(ticket.hash())).await?;
        let found = found.ok_or(AccountError::WrongToken)?;
        let subject = found.principal.as_str();
        let kind = if KeyId::of_type_id(subject).is_some() {
            PrincipalKind::Key
        } else if subject.parse::<UserId>().is_ok() {
            PrincipalKind::User
        } else {
            PrincipalKind::Service
        };
        let scopes = Scopes::of(&[Scope::RunsRead]);
        let principal = Principal::named(found.tenant, kind, subject.into(), scopes);
        match self.authenticator.still(principal.clone()).await {
            Ok(()) => Ok(principal),
            Err(AuthenticationError::Store(error)) => Err(error.into()),
            Err(_) => Err(AccountError::WrongToken),
        }
    }
}
