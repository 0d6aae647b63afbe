//! Who may ask, and what was done: keys, users, sessions, the audit chain, answers kept for repeated requests, tickets.
//!
//! Secrets never come here: the store is given their hashes, and compares hashes only to find a row.

mod answer;
mod audit;
mod key;
mod lockout;
mod revocation;
mod secret;
mod session;
mod text;
mod ticket;
mod user;

pub use answer::{AnswerTooLarge, ClaimId, Finish, RequestClaim, RequestState, StoredAnswer};
pub use audit::{
    AuditBody, AuditDetails, AuditDetailsError, AuditEntry, AuditFilter, AuditHead, AuditOutcome, AuditRecord,
    AuditSeal, NewAudit,
};
pub use key::{AuthKey, KeyCreated, KeyEnd, KeyRecord, KeyUse, KeyUses, NewKey, PutAdmin, PutAdminKey, RevokedKey};
pub use lockout::{LockPolicy, LoginAttempt};
pub use revocation::{Revocation, RevocationNo, Revocations, Revoked};
pub use secret::{Mac, PasswordHash, SecretHash};
pub use session::{
    NewSession, NewToken, Rotation, SessionBegun, SessionEnd, SessionEndCause, SessionRecord, SessionRevoked,
};
pub use text::{
    AuditAction, AuditObject, Email, KeyName, PrincipalName, RequestId, Scope, Scopes, ScopesError, TextError,
};
pub use ticket::{NewTicket, TicketRecord};
pub use user::{LoginUser, NewUser, UserChange, UserCreated, UserRecord, UserRole};
