//! The store's records and the core's types, one made of the other.

use seawall_store::{
    AuditBody, Digest, Email as StoreEmail, Mac, PasswordHash as StorePasswordHash, PrincipalName, Scope as StoreScope,
    Scopes as StoreScopes, SecretHash as StoreHash, TenantId, UserRecord, UserRole,
};

use crate::identity::audit::{AuditOutcome, AuditRecord, End, Seal};
use crate::identity::password::PasswordHash;
use crate::identity::{Email, KeyId, Role, Scope, Scopes, SecretHash};

pub(crate) const fn role_of(role: UserRole) -> Role {
    match role {
        UserRole::Viewer => Role::Viewer,
        UserRole::Operator => Role::Operator,
        UserRole::Admin => Role::Admin,
    }
}

pub(super) const fn user_role(role: Role) -> UserRole {
    match role {
        Role::Viewer => UserRole::Viewer,
        Role::Operator => UserRole::Operator,
        Role::Admin => UserRole::Admin,
    }
}

/// A name that this program does not know allows nothing.
pub(crate) fn scopes_of(scopes: &StoreScopes) -> Scopes {
    scopes
        .iter()
        .filter_map(|scope| scope.as_str().parse::<Scope>().ok())
        .collect()
}

pub(super) fn store_scopes(scopes: Scopes) -> StoreScopes {
    let names = scopes.iter().map(|scope| {
        let name = StoreScope::parse(scope.as_str());
        name.expect("a scope's name is one of the store's")
    });
    StoreScopes::new(names).expect("there are fewer scopes than the store keeps for a key")
}

pub(super) fn store_email(email: &Email) -> StoreEmail {
    StoreEmail::parse(email.as_str()).expect("what is an address here is one to the store")
}

pub(super) const fn store_hash(hash: SecretHash) -> StoreHash {
    StoreHash::from_bytes(*hash.as_bytes())
}

pub(super) fn store_password(hash: &PasswordHash) -> StorePasswordHash {
    StorePasswordHash::parse(&hash.to_string()).expect("a PHC string is of visible ASCII and short")
}

/// None: somebody else has written it.
pub(super) fn password_of(hash: &StorePasswordHash) -> Option<PasswordHash> {
    hash.as_str().parse().ok()
}

pub(super) fn key_id(id: seawall_store::KeyId) -> KeyId {
    KeyId::of_store(id).expect("a TypeID of a key is one")
}

/// A subject as the store writes it down. One of an issuer may be longer or of other characters than names are: then its
/// digest stands for it.
pub(super) fn principal_name(subject: &str) -> PrincipalName {
    PrincipalName::parse(subject).unwrap_or_else(|_| {
        let digest = Digest::of(subject.as_bytes()).to_hex();
        PrincipalName::parse(&format!("sha256:{digest}")).expect("hexadecimal digits stand on one line")
    })
}

/// The record that a seal is over.
pub(super) fn audit_record(tenant: &TenantId, body: &AuditBody) -> AuditRecord {
    let entry = &body.entry;
    AuditRecord {
        tenant: tenant.clone(),
        seq: body.seq,
        at: body.at,
        actor: entry.actor.as_str().to_owned(),
        action: entry.action.as_str().to_owned(),
        object: entry.object.as_ref().map(|object| object.as_str().to_owned()),
        outcome: outcome_of(entry.outcome),
        request_id: entry.request.as_ref().map(|id| id.as_str().to_owned()),
        details: entry.details.as_str().to_owned(),
    }
}

pub(super) const fn seal_of(mac: &Mac) -> Seal {
    Seal::from_bytes(*mac.as_bytes())
}

pub(super) const fn mac_of(seal: &Seal) -> Mac {
    Mac::from_bytes(*seal.as_bytes())
}

pub(super) const fn end_of(head: &seawall_store::AuditHead) -> End {
    End {
        seq: head.seq,
        last: seal_of(&head.mac),
    }
}

const fn outcome_of(outcome: seawall_store::AuditOutcome) -> AuditOutcome {
    match outcome {
        seawall_store::AuditOutcome::Succeeded => AuditOutcome::Succeeded,
        seawall_store::AuditOutcome::Denied => AuditOutcome::Denied,
        seawall_store::AuditOutcome::Failed => AuditOutcome::Failed,
    }
}

pub(super) const fn store_outcome(outcome: AuditOutcome) -> seawall_store::AuditOutcome {
    match outcome {
        AuditOutcome::Succeeded => seawall_store::AuditOutcome::Succeeded,
        AuditOutcome::Denied => seawall_store::AuditOutcome::Denied,
        AuditOutcome::Failed => seawall_store::AuditOutcome::Failed,
    }
}

/// The tag of a user as it is after this version's change.
pub(crate) fn user_version_tag(user: &UserRecord) -> Digest {
    Digest::of_parts(&[b"user", user.id.uuid().as_bytes(), &user.version.to_be_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_kept_comes_back_as_it_was() {
        for role in Role::ALL {
            assert_eq!(role_of(user_role(role)), role);
            assert_eq!(user_role(role).as_str(), role.as_str());
        }
        assert_eq!(scopes_of(&store_scopes(Scopes::ALL)), Scopes::ALL);
        assert_eq!(scopes_of(&store_scopes(Scopes::NONE)), Scopes::NONE);
        for outcome in [AuditOutcome::Succeeded, AuditOutcome::Denied, AuditOutcome::Failed] {
            assert_eq!(outcome_of(store_outcome(outcome)), outcome);
        }
        let id = seawall_store::KeyId::generate();
        assert_eq!(key_id(id).to_store(), Some(id));
        let longest = format!(
            "{}@{}.{}.{}.org",
            "a".repeat(64),
            "b".repeat(63),
            "c".repeat(63),
            "d".repeat(57)
        );
        for text in ["o'brien+x@mail.example.org", &longest] {
            let email: Email = text.parse().unwrap();
            assert_eq!(store_email(&email).as_str(), email.as_str());
        }
    }

    #[test]
    fn a_scope_of_another_program_allows_nothing() {
        let kept = StoreScopes::parse("runs:read moon:read").unwrap();
        assert_eq!(scopes_of(&kept), Scopes::of(&[Scope::RunsRead]));
    }

    #[test]
    fn a_subject_that_is_no_name_is_written_down_as_its_digest() {
        assert_eq!(principal_name("key_1").as_str(), "key_1");
        let (long, lines) = (format!("oidc:{}", "x".repeat(300)), "oidc:a\nb");
        for subject in [long.as_str(), lines] {
            let name = principal_name(subject);
            assert!(name.as_str().starts_with("sha256:"));
            assert_eq!(name, principal_name(subject));
        }
        assert_ne!(principal_name(&long), principal_name(lines));
    }
}
