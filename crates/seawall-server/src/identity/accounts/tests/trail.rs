use seawall_store::{
    AuditAction, AuditDetails, AuditEntry, AuditOutcome, AuditSeal, AuditStore as _, Mac, NewAudit, PrincipalName,
    TenantId,
};

use super::world::{World, actor, world};
use crate::identity::accounts::{Verification, VerifyFrom};
use crate::identity::audit::{Fault, Seal};
use crate::identity::{Role, Scopes};

async fn verify(world: &World, from: VerifyFrom) -> Verification {
    world
        .accounts
        .verify_audit(&actor(Scopes::ALL), from, 1_000)
        .await
        .unwrap()
}

/// Written by who has the store and not the key.
async fn forge(world: &World) {
    let new = NewAudit {
        entry: AuditEntry {
            actor: PrincipalName::parse("service:test").unwrap(),
            action: AuditAction::parse("user.created").unwrap(),
            object: None,
            outcome: AuditOutcome::Succeeded,
            request: None,
            details: AuditDetails::default(),
        },
        seal: AuditSeal::new(|_, _| Mac::from_bytes([7; 32])),
    };
    world.store.append_audit(&TenantId::default(), new).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_chain_is_verified_from_its_beginning_or_from_a_seal_that_was_noted() {
    let world = world();
    let empty = verify(&world, VerifyFrom::BEGINNING).await;
    assert_eq!(
        (empty.upto, empty.fault, empty.more),
        (VerifyFrom::BEGINNING, None, false)
    );
    for number in 0..3 {
        world.user(&format!("u{number}@example.org"), Role::Viewer).await;
    }
    let noted = verify(&world, VerifyFrom::BEGINNING).await;
    assert_eq!((noted.upto.seq, noted.fault), (3, None));
    assert_eq!(verify(&world, noted.upto).await, noted);
    world.user("later@example.org", Role::Viewer).await;
    assert_eq!(verify(&world, noted.upto).await.upto.seq, 4);
}

#[tokio::test(start_paused = true)]
async fn a_long_chain_is_verified_part_by_part() {
    let world = world();
    for number in 0..5 {
        world.user(&format!("u{number}@example.org"), Role::Viewer).await;
    }
    let (mut from, mut parts) = (VerifyFrom::BEGINNING, Vec::new());
    loop {
        let found = world.accounts.verify_audit(&actor(Scopes::ALL), from, 2).await.unwrap();
        assert_eq!(found.fault, None);
        parts.push((found.upto.seq, found.more));
        from = found.upto;
        if !found.more {
            break;
        }
    }
    assert_eq!(parts, [(2, true), (4, true), (5, false)]);
    forge(&world).await;
    assert_eq!(verify(&world, from).await.fault, Some(Fault::Changed(6)));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_somebody_else_wrote_is_found_and_so_is_a_chain_that_is_not_the_noted_one() {
    let world = world();
    world.user("ada@example.org", Role::Viewer).await;
    let noted = verify(&world, VerifyFrom::BEGINNING).await.upto;
    let other = VerifyFrom {
        seal: Seal::from_bytes([1; 32]),
        ..noted
    };
    assert_eq!(verify(&world, other).await.fault, Some(Fault::OtherEnd));
    let further = VerifyFrom { seq: 9, ..noted };
    assert_eq!(
        verify(&world, further).await.fault,
        Some(Fault::CutOff { last: 1, written: 9 })
    );
    forge(&world).await;
    world.user("ben@example.org", Role::Viewer).await;
    for from in [VerifyFrom::BEGINNING, noted] {
        let found = verify(&world, from).await;
        assert_eq!((found.fault, found.upto), (Some(Fault::Changed(2)), noted));
    }
}
