use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any, prop};
use proptest::prop_oneof;

use super::op::IdentityOp as Op;

const TENANTS: std::ops::Range<u8> = 0..2;
const KEYS: std::ops::Range<u8> = 0..4;
const USERS: std::ops::Range<u8> = 0..4;
const SMALL: std::ops::Range<u8> = 0..3;
const SESSIONS: std::ops::Range<u8> = 0..6;
const TOKENS: std::ops::Range<u8> = 0..10;
const SHORT: std::ops::Range<u16> = 0..3000;

/// Sequences of up to `max` operations.
pub fn identity_ops(max: usize) -> impl Strategy<Value = Vec<Op>> {
    vec(op(), max / 2..=max)
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0u16..1500).prop_map(Op::Advance),
        1 => SHORT.prop_map(Op::SetBack),
        8 => key_op(),
        3 => revocation_op(),
        8 => user_op(),
        14 => session_op(),
        3 => audit_op(),
        8 => request_op(),
    ]
}

fn key_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (TENANTS, KEYS, option::of(SHORT), any::<bool>())
            .prop_map(|(tenant, key, lives, audited)| Op::CreateKey { tenant, key, lives, audited }),
        2 => (TENANTS, KEYS, 0u8..2, any::<bool>(), any::<bool>()).prop_map(
            |(tenant, key, secret, if_other, audited)| Op::PutAdminKey { tenant, key, secret, if_other, audited }
        ),
        3 => (TENANTS, KEYS, any::<bool>())
            .prop_map(|(tenant, key, audited)| Op::RevokeKey { tenant, key, audited }),
        1 => vec((KEYS, SHORT), 0..4).prop_map(Op::UseKeys),
        2 => (SHORT, 0u8..3).prop_map(|(kept_for, limit)| Op::ForgetKeys { kept_for, limit }),
    ]
}

fn revocation_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => (0u8..12, 0u8..4).prop_map(|(after, limit)| Op::Revocations { after, limit }),
        1 => (SHORT, 0u8..3).prop_map(|(kept_for, limit)| Op::ForgetRevocations { kept_for, limit }),
    ]
}

fn user_op() -> impl Strategy<Value = Op> {
    let expected = || option::weighted(0.3, 1u8..4);
    let change = (
        option::of(SMALL),
        option::of(prop::bool::weighted(0.7)),
        option::weighted(0.2, SMALL),
        prop::bool::weighted(0.2),
        expected(),
    );
    prop_oneof![
        4 => (TENANTS, USERS, SMALL, any::<bool>())
            .prop_map(|(tenant, user, email, audited)| Op::CreateUser { tenant, user, email, audited }),
        3 => (TENANTS, USERS, change).prop_map(
            |(tenant, user, (role, active, password, ends_sessions, expected))| Op::UpdateUser {
                tenant,
                user,
                role,
                active,
                password,
                ends_sessions,
                expected
            }
        ),
        1 => (TENANTS, USERS, expected(), any::<bool>())
            .prop_map(|(tenant, user, expected, audited)| Op::DeleteUser { tenant, user, expected, audited }),
        4 => (TENANTS, USERS).prop_map(|(tenant, user)| Op::BeginLogin { tenant, user }),
    ]
}

fn session_op() -> impl Strategy<Value = Op> {
    let login = (TENANTS, USERS, SESSIONS, TOKENS);
    prop_oneof![
        6 => (login, prop::bool::weighted(0.1), SHORT, 0u8..4).prop_map(
            |((tenant, user, session, token), stale, lives, most)| Op::BeginSession {
                tenant,
                user,
                session,
                token,
                stale,
                lives,
                most
            }
        ),
        8 => (TOKENS, TOKENS, SHORT).prop_map(|(presented, next, lives)| Op::Rotate { presented, next, lives }),
        1 => (TENANTS, SESSIONS, any::<bool>())
            .prop_map(|(tenant, session, audited)| Op::RevokeSession { tenant, session, audited }),
        1 => (TENANTS, USERS, any::<bool>())
            .prop_map(|(tenant, user, audited)| Op::RevokeSessionsOf { tenant, user, audited }),
        3 => (0u8..5).prop_map(|limit| Op::ForgetSessions { limit }),
    ]
}

fn audit_op() -> impl Strategy<Value = Op> {
    let filter = (option::of(0u8..2), option::of(0u8..2), option::of(SHORT));
    prop_oneof![
        (TENANTS, 0u8..2, 0u8..2).prop_map(|(tenant, actor, action)| Op::Audit { tenant, actor, action }),
        (TENANTS, filter, 1u8..4).prop_map(|(tenant, (actor, action, ago), limit)| Op::ListAudit {
            tenant,
            actor,
            action,
            ago,
            limit
        }),
    ]
}

fn request_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (TENANTS, SMALL, prop::bool::weighted(0.2), SMALL, SHORT).prop_map(
            |(tenant, request, other, claim, lease)| Op::BeginRequest {
                tenant,
                request,
                body: other.into(),
                claim,
                lease
            }
        ),
        2 => (TENANTS, SMALL, SMALL, option::of(SMALL)).prop_map(|(tenant, request, claim, answer)| {
            Op::FinishRequest { tenant, request, claim, answer }
        }),
        1 => (TENANTS, SMALL, SMALL)
            .prop_map(|(tenant, request, claim)| Op::ReleaseRequest { tenant, request, claim }),
        1 => prop::strategy::Just(Op::ForgetRequests),
    ]
}
