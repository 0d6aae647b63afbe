//! One of the two stores.

use std::time::Duration;

use uuid::Uuid;

use super::op::IdentityOp as Op;
use crate::contract::IdentityWorld;
use crate::contract::differential::dump;
use crate::contract::differential::samples::tenant;
use crate::ids::{Digest, KeyId, SessionId, TenantId, UserId};
use crate::manual_clock::ManualClock;
use crate::records::{
    AuditFilter, AuditRecord, ClaimId, Finish, KeyUse, KeyUses, LockPolicy, NewAudit, NewKey, NewSession, NewToken,
    NewUser, Page, PutAdmin, RequestClaim, RevocationNo, Revocations, StoredAnswer, UserChange, UserRole,
};
use crate::roles::IdentityStore;
use crate::time::{StoreClock as _, Timestamp};

const POLICY: LockPolicy = LockPolicy {
    after: 2,
    first: Duration::from_millis(500),
    longest: Duration::from_millis(2000),
};

pub(super) struct IdentitySide<'a> {
    store: &'a dyn IdentityStore,
    clock: &'a ManualClock,
}

fn of(number: u8) -> TenantId {
    tenant(number.into())
}

fn key_id(number: u8) -> KeyId {
    KeyId::derived(&[&[number]])
}

fn user_id(number: u8) -> UserId {
    UserId::derived(&[&[number]])
}

fn session_id(number: u8) -> SessionId {
    SessionId::derived(&[&[number]])
}

fn token(number: u8, lives: u16) -> NewToken {
    NewToken {
        lives: millis(lives),
        ..IdentityWorld::token(&format!("token {number}"))
    }
}

fn millis(count: u16) -> Duration {
    Duration::from_millis(count.into())
}

fn audit(audited: bool) -> Option<NewAudit> {
    audited.then(|| IdentityWorld::audit("actor-0", "action-0"))
}

fn new_key(number: u8, secret: u8) -> NewKey {
    NewKey {
        id: key_id(number),
        most: 2,
        ..IdentityWorld::new_key(&format!("secret {secret}"))
    }
}

fn role(number: u8) -> UserRole {
    UserRole::ALL[usize::from(number)]
}

impl<'a> IdentitySide<'a> {
    pub(super) fn new(store: &'a dyn IdentityStore, clock: &'a ManualClock) -> Self {
        Self { store, clock }
    }

    fn ago(&self, count: u16) -> Timestamp {
        Timestamp::from_millis(self.clock.now().as_millis() - i64::from(count))
    }

    pub(super) async fn apply(&self, op: &Op) -> String {
        match op {
            Op::Advance(_) | Op::SetBack(_) => String::new(),
            Op::CreateKey { .. }
            | Op::PutAdminKey { .. }
            | Op::RevokeKey { .. }
            | Op::UseKeys(_)
            | Op::ForgetKeys { .. } => self.apply_key(op).await,
            Op::CreateUser { .. } | Op::UpdateUser { .. } | Op::DeleteUser { .. } | Op::BeginLogin { .. } => {
                self.apply_user(op).await
            }
            Op::BeginSession { .. }
            | Op::Rotate { .. }
            | Op::RevokeSession { .. }
            | Op::RevokeSessionsOf { .. }
            | Op::ForgetSessions { .. } => self.apply_session(op).await,
            Op::BeginRequest { .. } | Op::FinishRequest { .. } | Op::ReleaseRequest { .. } | Op::ForgetRequests => {
                self.apply_request(op).await
            }
            _ => self.apply_other(op).await,
        }
    }

    async fn apply_key(&self, op: &Op) -> String {
        let store = self.store;
        match *op {
            Op::CreateKey {
                tenant,
                key,
                lives,
                audited,
            } => {
                let new = NewKey {
                    expires_at: lives.map(|lives| self.clock.now().saturating_add(millis(lives))),
                    ..new_key(key, 0)
                };
                dump::answer(store.create_key(&of(tenant), new, audit(audited)).await, dump::plain)
            }
            Op::PutAdminKey {
                tenant,
                key,
                secret,
                if_other,
                audited,
            } => {
                let when = if if_other { PutAdmin::IfOther } else { PutAdmin::IfNone };
                let put = store
                    .put_admin_key(&of(tenant), new_key(key, secret), when, audit(audited))
                    .await;
                dump::answer(put, dump::plain)
            }
            Op::RevokeKey { tenant, key, audited } => {
                let by = IdentityWorld::principal("someone");
                let revoked = store.revoke_key(&of(tenant), key_id(key), by, audit(audited)).await;
                dump::answer(revoked, dump::plain)
            }
            Op::UseKeys(ref uses) => {
                let used = |&(key, ago)| KeyUse {
                    id: key_id(key),
                    at: self.ago(ago),
                };
                let uses = KeyUses::take_from(&mut uses.iter().map(used).collect());
                dump::answer(store.record_key_uses(uses).await, dump::plain)
            }
            Op::ForgetKeys { kept_for, limit } => {
                dump::answer(store.forget_keys(millis(kept_for), limit.into()).await, dump::plain)
            }
            _ => unreachable!("the caller chose operations of keys"),
        }
    }

    async fn apply_user(&self, op: &Op) -> String {
        let store = self.store;
        match *op {
            Op::CreateUser {
                tenant,
                user,
                email,
                audited,
            } => {
                let new = NewUser {
                    id: user_id(user),
                    most: 2,
                    ..IdentityWorld::new_user(&format!("user{email}"))
                };
                dump::answer(store.create_user(&of(tenant), new, audit(audited)).await, dump::plain)
            }
            Op::UpdateUser {
                tenant,
                user,
                role: number,
                active,
                password,
                ends_sessions,
                expected,
            } => {
                let change = UserChange {
                    role: number.map(role),
                    active,
                    password: password.map(|number| IdentityWorld::password(&format!("$hash{number}"))),
                    ends_sessions,
                };
                let expected = expected.map(u64::from);
                let updated = store
                    .update_user(&of(tenant), user_id(user), change, expected, audit(true))
                    .await;
                dump::answer(updated, dump::plain)
            }
            Op::DeleteUser {
                tenant,
                user,
                expected,
                audited,
            } => {
                let expected = expected.map(u64::from);
                let deleted = store
                    .delete_user(&of(tenant), user_id(user), expected, audit(audited))
                    .await;
                dump::answer(deleted, dump::plain)
            }
            Op::BeginLogin { tenant, user } => {
                let begun = store.begin_login(&of(tenant), user_id(user), POLICY).await;
                dump::answer(begun, dump::plain)
            }
            _ => unreachable!("the caller chose operations of users"),
        }
    }

    async fn apply_session(&self, op: &Op) -> String {
        let store = self.store;
        match *op {
            Op::BeginSession {
                tenant,
                user,
                session,
                token: number,
                stale,
                lives,
                most,
            } => {
                let (tenant, user) = (of(tenant), user_id(user));
                let known = store.user(&tenant, user).await.expect("reading works");
                let new = NewSession {
                    id: session_id(session),
                    user,
                    version: known.map_or(1, |known| known.version) + u64::from(stale),
                    token: token(number, lives),
                    lives: millis(2000),
                    most: most.into(),
                };
                dump::answer(store.begin_session(&tenant, new, audit(true)).await, dump::plain)
            }
            Op::Rotate { presented, next, lives } => {
                let rotated = store.rotate_token(token(presented, 0).hash, token(next, lives)).await;
                dump::answer(rotated, dump::plain)
            }
            Op::RevokeSession {
                tenant,
                session,
                audited,
            } => {
                let revoked = store
                    .revoke_session(&of(tenant), session_id(session), audit(audited))
                    .await;
                dump::answer(revoked, dump::plain)
            }
            Op::RevokeSessionsOf { tenant, user, audited } => {
                let ended = store
                    .revoke_sessions_of(&of(tenant), user_id(user), audit(audited))
                    .await;
                dump::answer(ended, dump::plain)
            }
            Op::ForgetSessions { limit } => dump::answer(store.forget_sessions(limit.into()).await, dump::plain),
            _ => unreachable!("the caller chose operations of sessions"),
        }
    }

    async fn apply_request(&self, op: &Op) -> String {
        let store = self.store;
        let key = |number: u8| Digest::of(&[number]);
        let claim_id = |number: u8| ClaimId(Uuid::from_u128(number.into()));
        match *op {
            Op::BeginRequest {
                tenant,
                request,
                body,
                claim,
                lease,
            } => {
                let claim = RequestClaim {
                    key: key(request),
                    fingerprint: Digest::of(&[body]),
                    claim: claim_id(claim),
                    lease: millis(lease),
                    ttl: millis(2000),
                };
                dump::answer(store.begin_request(&of(tenant), claim).await, dump::plain)
            }
            Op::FinishRequest {
                tenant,
                request,
                claim,
                answer,
            } => {
                let finish = answer.map_or(Finish::Withheld, |number| {
                    let kept = StoredAnswer::new(200 + u16::from(number), [], vec![number; number.into()]);
                    Finish::Answer(kept.expect("it is small"))
                });
                let done = store
                    .finish_request(&of(tenant), key(request), claim_id(claim), finish)
                    .await;
                dump::answer(done, dump::plain)
            }
            Op::ReleaseRequest { tenant, request, claim } => {
                let done = store.release_request(&of(tenant), key(request), claim_id(claim)).await;
                dump::answer(done, dump::plain)
            }
            Op::ForgetRequests => dump::answer(store.forget_requests(u32::MAX).await, dump::plain),
            _ => unreachable!("the caller chose operations of requests"),
        }
    }

    async fn apply_other(&self, op: &Op) -> String {
        let store = self.store;
        match *op {
            Op::Revocations { after, limit } => {
                let found = store.revocations(RevocationNo(after.into()), limit.into()).await;
                dump::answer(found, dump::plain)
            }
            Op::ForgetRevocations { kept_for, limit } => {
                let forgotten = store.forget_revocations(millis(kept_for), limit.into()).await;
                dump::answer(forgotten, dump::plain)
            }
            Op::Audit { tenant, actor, action } => {
                let new = IdentityWorld::audit(&format!("actor-{actor}"), &format!("action-{action}"));
                dump::answer(store.append_audit(&of(tenant), new).await, dump::plain)
            }
            Op::ListAudit {
                tenant,
                actor,
                action,
                ago,
                limit,
            } => {
                let named = |actor: u8, action: u8| {
                    IdentityWorld::entry(&format!("actor-{actor}"), &format!("action-{action}"))
                };
                let filter = AuditFilter {
                    actor: actor.map(|actor| named(actor, 0).actor),
                    action: action.map(|action| named(0, action).action),
                    since: ago.map(|ago| self.ago(ago)),
                };
                let listed = store.list_audit(&of(tenant), filter, Page::first(limit.into())).await;
                dump::answer(listed, |listed| dump::page(listed, dump::plain))
            }
            _ => unreachable!("the caller chose other operations"),
        }
    }

    /// Everything that can be read.
    pub(super) async fn contents(&self) -> String {
        let (store, all) = (self.store, Page::first(Page::MAX));
        let mut text = String::new();
        for number in 0..2 {
            let tenant = of(number);
            let keys = store.list_keys(&tenant, all).await;
            text += &dump::answer(keys, |keys| dump::page(keys, dump::plain));
            let users = store.list_users(&tenant, all).await;
            text += &dump::answer(users, |users| dump::page(users, dump::plain));
            text += &dump::answer(store.audit_after(&tenant, 0, AuditRecord::MAX_READ).await, dump::plain);
            text += &dump::answer(store.audit_head(&tenant).await, dump::plain);
            for session in 0..6 {
                text += &dump::answer(store.session(&tenant, session_id(session)).await, dump::plain);
            }
        }
        for key in 0..4 {
            let found = store.key_for_authentication(key_id(key)).await;
            let shown = |found: Option<crate::records::AuthKey>| format!("{:?}", found.map(|key| *key.hash.as_bytes()));
            text += &dump::answer(found, shown);
        }
        for email in 0..3 {
            let found = store
                .user_for_login(&IdentityWorld::email(&format!("user{email}")))
                .await;
            let shown = |found: Option<crate::records::LoginUser>| {
                format!("{:?}", found.map(|user| user.password.as_str().to_owned()))
            };
            text += &dump::answer(found, shown);
        }
        let told = store.revocations(RevocationNo(0), Revocations::MAX).await;
        text + &dump::answer(told, dump::plain)
    }
}
