//! The calls. Small numbers stand for ids and secrets: `tenant` 0..2, `key`, `user` 0..4, `email` 0..3, `session` 0..6, `token`
//! 0..10, `request` 0..3. Times are in milliseconds. What is `audited` takes an audit record along.

/// One call, or one move of the clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IdentityOp {
    Advance(u16),
    SetBack(u16),
    CreateKey {
        tenant: u8,
        key: u8,
        lives: Option<u16>,
        audited: bool,
    },
    PutAdminKey {
        tenant: u8,
        key: u8,
        secret: u8,
        if_other: bool,
        audited: bool,
    },
    RevokeKey {
        tenant: u8,
        key: u8,
        audited: bool,
    },
    /// Which, how long ago.
    UseKeys(Vec<(u8, u16)>),
    ForgetKeys {
        kept_for: u16,
        limit: u8,
    },
    Revocations {
        after: u8,
        limit: u8,
    },
    ForgetRevocations {
        kept_for: u16,
        limit: u8,
    },
    CreateUser {
        tenant: u8,
        user: u8,
        email: u8,
        audited: bool,
    },
    UpdateUser {
        tenant: u8,
        user: u8,
        role: Option<u8>,
        active: Option<bool>,
        password: Option<u8>,
        ends_sessions: bool,
        expected: Option<u8>,
    },
    DeleteUser {
        tenant: u8,
        user: u8,
        expected: Option<u8>,
        audited: bool,
    },
    BeginLogin {
        tenant: u8,
        user: u8,
    },
    BeginSession {
        tenant: u8,
        user: u8,
        session: u8,
        token: u8,
        /// The user was changed after the password was looked at.
        stale: bool,
        lives: u16,
        most: u8,
    },
    Rotate {
        presented: u8,
        next: u8,
        lives: u16,
    },
    RevokeSession {
        tenant: u8,
        session: u8,
        audited: bool,
    },
    RevokeSessionsOf {
        tenant: u8,
        user: u8,
        audited: bool,
    },
    ForgetSessions {
        limit: u8,
    },
    Audit {
        tenant: u8,
        actor: u8,
        action: u8,
    },
    ListAudit {
        tenant: u8,
        actor: Option<u8>,
        action: Option<u8>,
        ago: Option<u16>,
        limit: u8,
    },
    BeginRequest {
        tenant: u8,
        request: u8,
        body: u8,
        claim: u8,
        lease: u16,
    },
    FinishRequest {
        tenant: u8,
        request: u8,
        claim: u8,
        /// None: withheld.
        answer: Option<u8>,
    },
    ReleaseRequest {
        tenant: u8,
        request: u8,
        claim: u8,
    },
    ForgetRequests,
}
