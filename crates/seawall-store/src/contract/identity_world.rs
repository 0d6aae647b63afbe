//! What every case of identity needs before it comes to its point.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::Subject;
use crate::ids::{Digest, KeyId, SessionId, TenantId, UserId};
use crate::manual_clock::ManualClock;
use crate::records::{
    AuditAction, AuditBody, AuditDetails, AuditEntry, AuditObject, AuditOutcome, AuditRecord, AuditSeal, Email,
    KeyCreated, KeyName, KeyRecord, Mac, NewAudit, NewKey, NewSession, NewToken, NewUser, PasswordHash, PrincipalName,
    RequestId, RevocationNo, Revocations, Rotation, Scopes, SecretHash, SessionBegun, SessionRecord, UserCreated,
    UserRecord, UserRole,
};
use crate::roles::IdentityStore;
use crate::time::{StoreClock as _, Timestamp};

/// How long sessions last here, and their tokens.
pub(super) const SESSION: Duration = Duration::from_secs(3600);
pub(super) const TOKEN: Duration = Duration::from_secs(600);

/// A store, and short words for what cases do with it.
pub struct IdentityWorld<'a> {
    pub store: &'a dyn IdentityStore,
    pub clock: &'a ManualClock,
    pub tenant: TenantId,
}

impl<'a> IdentityWorld<'a> {
    #[must_use]
    pub fn of(subject: &'a Subject) -> Self {
        Self::of_tenant(subject, "default")
    }

    #[must_use]
    pub fn of_tenant(subject: &'a Subject, tenant: &str) -> Self {
        Self {
            store: &*subject.identity,
            clock: &subject.clock,
            tenant: TenantId::new(tenant).expect("a tenant"),
        }
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    #[must_use]
    pub fn later(&self, by: Duration) -> Timestamp {
        self.now().saturating_add(by)
    }

    #[must_use]
    pub fn hash(text: &str) -> SecretHash {
        SecretHash::from_bytes(*Digest::of(text.as_bytes()).as_bytes())
    }

    #[must_use]
    pub fn principal(name: &str) -> PrincipalName {
        PrincipalName::parse(name).expect("a principal")
    }

    #[must_use]
    pub fn new_key(name: &str) -> NewKey {
        NewKey {
            id: KeyId::generate(),
            name: KeyName::parse(name).expect("a name"),
            hash: Self::hash(name),
            scopes: Scopes::parse("runs:read runs:write").expect("scopes"),
            created_by: Self::principal("someone"),
            expires_at: None,
            most: 100,
        }
    }

    pub async fn create_key(&self, new: NewKey) -> KeyRecord {
        match self.store.create_key(&self.tenant, new, None).await {
            Ok(KeyCreated::Created(record)) => record,
            other => unreachable!("there is room: {other:?}"),
        }
    }

    pub async fn key(&self, id: KeyId) -> Option<KeyRecord> {
        self.store.key(&self.tenant, id).await.expect("reading works")
    }

    #[must_use]
    pub fn email(name: &str) -> Email {
        Email::parse(&format!("{name}@example.com")).expect("an address")
    }

    #[must_use]
    pub fn password(text: &str) -> PasswordHash {
        PasswordHash::parse(text).expect("a hash")
    }

    #[must_use]
    pub fn new_user(name: &str) -> NewUser {
        NewUser {
            id: UserId::generate(),
            email: Self::email(name),
            password: Self::password("$hash"),
            role: UserRole::Operator,
            most: 100,
        }
    }

    pub async fn create_user(&self, name: &str) -> UserRecord {
        match self.store.create_user(&self.tenant, Self::new_user(name), None).await {
            Ok(UserCreated::Created(record)) => record,
            other => unreachable!("there is room: {other:?}"),
        }
    }

    pub async fn user(&self, id: UserId) -> UserRecord {
        let found = self.store.user(&self.tenant, id).await.expect("reading works");
        found.expect("the user exists")
    }

    #[must_use]
    pub fn token(text: &str) -> NewToken {
        NewToken {
            hash: Self::hash(text),
            lives: TOKEN,
        }
    }

    #[must_use]
    pub fn new_session(user: &UserRecord, token: &str) -> NewSession {
        NewSession {
            id: SessionId::generate(),
            user: user.id,
            version: user.version,
            token: Self::token(token),
            lives: SESSION,
            most: 10,
        }
    }

    /// A login with this first token.
    pub async fn begin(&self, user: &UserRecord, token: &str) -> SessionRecord {
        self.begin_with(Self::new_session(user, token)).await.0
    }

    /// The session and those that gave way.
    pub async fn begin_with(&self, new: NewSession) -> (SessionRecord, Vec<SessionId>) {
        match self.store.begin_session(&self.tenant, new, None).await {
            Ok(SessionBegun::Begun { session, ended, .. }) => (session, ended),
            other => unreachable!("the user is active and unchanged: {other:?}"),
        }
    }

    pub async fn session(&self, id: SessionId) -> SessionRecord {
        let found = self.store.session(&self.tenant, id).await.expect("reading works");
        found.expect("the session exists")
    }

    pub async fn rotate(&self, presented: &str, next: &str) -> Rotation {
        let rotated = self.store.rotate_token(Self::hash(presented), Self::token(next)).await;
        rotated.expect("the next token is new")
    }

    pub async fn revocations(&self, after: u64, limit: u32) -> Revocations {
        let found = self.store.revocations(RevocationNo(after), limit).await;
        found.expect("reading works")
    }

    #[must_use]
    pub fn entry(actor: &str, action: &str) -> AuditEntry {
        AuditEntry {
            actor: Self::principal(actor),
            action: AuditAction::parse(action).expect("an action"),
            object: AuditObject::parse("run_7").ok(),
            outcome: AuditOutcome::Succeeded,
            request: RequestId::parse("req-1").ok(),
            details: AuditDetails::new("{\"why\":\"because\"}").expect("short"),
        }
    }

    /// A record whose seal anybody can check, as there is no key in it.
    #[must_use]
    pub fn audit(actor: &str, action: &str) -> NewAudit {
        NewAudit {
            entry: Self::entry(actor, action),
            seal: AuditSeal::new(Self::seal),
        }
    }

    pub fn seal(tenant: &TenantId, body: &AuditBody) -> Mac {
        let text = format!("{tenant} {body:?}");
        Mac::from_bytes(*Digest::of(text.as_bytes()).as_bytes())
    }

    /// The whole chain of the tenant, held against its seals and its head.
    pub async fn chain(&self) -> Vec<AuditRecord> {
        let records = self.store.audit_after(&self.tenant, 0, AuditRecord::MAX_READ).await;
        let records = records.expect("reading works");
        let (mut seq, mut mac) = (0, Mac::ZERO);
        for record in &records {
            assert_eq!((record.body.seq, record.body.previous), (seq + 1, mac), "a hole");
            assert_eq!(
                record.mac,
                Self::seal(&self.tenant, &record.body),
                "not as it was sealed"
            );
            (seq, mac) = (record.body.seq, record.mac);
        }
        let head = self.store.audit_head(&self.tenant).await.expect("reading works");
        assert_eq!((head.seq, head.mac), (seq, mac), "the head is another one's");
        records
    }

    /// The actions in the chain, first to last.
    pub async fn actions(&self) -> Vec<String> {
        let chain = self.chain().await;
        chain
            .iter()
            .map(|record| record.body.entry.action.to_string())
            .collect()
    }
}

/// A text as headers and errors have it.
pub(super) fn shared(text: &str) -> Arc<str> {
    Arc::from(text)
}
