use proptest::prelude::*;
use seawall_store::{TenantId, Timestamp};
use secrecy::SecretString;

use super::*;
use crate::identity::MasterKey;

type Sealed = (AuditRecord, Seal);

/// What somebody does to a chain.
type Change<'a> = &'a dyn Fn(&mut Vec<Sealed>);

fn chain() -> AuditChain {
    let secret = SecretString::from("a secret key of at least 32 bytes");
    AuditChain::new(&MasterKey::new(&secret).unwrap())
}

fn tenant() -> TenantId {
    TenantId::new("acme").unwrap()
}

fn record(seq: u64) -> AuditRecord {
    AuditRecord {
        tenant: tenant(),
        seq,
        at: Timestamp::from_millis(1_700_000_000_000),
        actor: "usr_1".to_owned(),
        action: "key.created".to_owned(),
        object: Some("key_1".to_owned()),
        outcome: AuditOutcome::Succeeded,
        request_id: Some("r-1".to_owned()),
        details: "{}".to_owned(),
    }
}

/// A chain of so many records, as a store keeps it.
fn written(count: u64) -> (Vec<Sealed>, End) {
    let chain = chain();
    let mut last = Seal::BEGINNING;
    let mut sealed = Vec::new();
    for seq in 1..=count {
        let record = record(seq);
        last = chain.seal(&record, &last);
        sealed.push((record, last));
    }
    (sealed, End { seq: count, last })
}

fn verify(sealed: &[Sealed], end: &End) -> Result<u64, Fault> {
    let chain = chain();
    let mut verifier = Verifier::new(&chain, tenant());
    for (record, seal) in sealed {
        verifier.push(record, seal)?;
    }
    verifier.finish(end)
}

#[test]
fn a_chain_as_it_was_written_is_whole() {
    for count in [0, 1, 2, 50] {
        let (sealed, end) = written(count);
        assert_eq!(verify(&sealed, &end), Ok(count));
    }
    assert_eq!(verify(&[], &End::EMPTY), Ok(0));
}

#[test]
fn the_bytes_of_a_record_are_for_ever() {
    // Worked out apart from this code.
    let bytes = canonical::bytes(&record(7));
    let digest = seawall_store::Digest::of(&bytes).to_hex();
    insta::assert_snapshot!(format!("{} {digest}", bytes.len()), @"153 239889617bdf81c26eb20d9406bb2ec034704e7333ed8b846a1839c1949e6223");
    let chain = chain();
    let seal = chain.seal(&record(1), &Seal::BEGINNING);
    insta::assert_snapshot!(format!("{seal:?}"), @"7cdac13075efebcaf4b11933c775a845fb93f5ff97cead8b0d002181bc76d43c");
}

#[test]
fn each_fault_is_named_where_it_is() {
    let (sealed, end) = written(5);
    let with = |change: Change<'_>| {
        let mut changed = sealed.clone();
        change(&mut changed);
        verify(&changed, &end)
    };
    let cases: [(&str, Change<'_>, Fault); 9] = [
        ("changed", &|all| all[2].0.actor.push('x'), Fault::Changed(3)),
        ("its seal", &|all| all[2].1 = all[1].1, Fault::Changed(3)),
        ("removed", &|all| drop(all.remove(2)), Fault::Missing(3)),
        ("the first removed", &|all| drop(all.remove(0)), Fault::Missing(1)),
        ("swapped", &|all| all.swap(1, 2), Fault::Missing(2)),
        ("twice", &|all| all.insert(2, all[1].clone()), Fault::OutOfPlace(2)),
        ("cut off", &|all| all.truncate(3), Fault::CutOff { last: 3, written: 5 }),
        ("all gone", &Vec::clear, Fault::CutOff { last: 0, written: 5 }),
        (
            "removed and numbered anew",
            &|all| {
                all.remove(2);
                all[2].0.seq = 3;
            },
            Fault::Changed(3),
        ),
    ];
    for (name, change, fault) in cases {
        assert_eq!(with(change), Err(fault), "{name}");
    }
}

#[test]
fn an_end_that_is_older_or_anothers_is_found() {
    let (sealed, end) = written(5);
    let (_, older) = written(3);
    assert_eq!(verify(&sealed, &End::EMPTY), Err(Fault::BeyondEnd { last: 5, end: 0 }));
    assert_eq!(verify(&sealed, &older), Err(Fault::BeyondEnd { last: 5, end: 3 }));
    let other = End {
        last: older.last,
        ..end
    };
    assert_eq!(verify(&sealed, &other), Err(Fault::OtherEnd));
}

#[test]
fn a_chain_of_another_tenant_or_key_is_not_this_one() {
    let (sealed, _) = written(2);
    let own = chain();
    let mut verifier = Verifier::new(&own, TenantId::default());
    assert_eq!(verifier.push(&sealed[0].0, &sealed[0].1), Err(Fault::Changed(1)));
    let secret = SecretString::from("another key of at least 32 bytes.");
    let other = AuditChain::new(&MasterKey::new(&secret).unwrap());
    let mut verifier = Verifier::new(&other, tenant());
    assert_eq!(verifier.push(&sealed[0].0, &sealed[0].1), Err(Fault::Changed(1)));
}

fn text() -> impl Strategy<Value = String> {
    "[a-c\u{0}:]{0,3}"
}

prop_compose! {
    fn any_record()(
        seq in 0_u64..3,
        at in 0_i64..3,
        texts in (text(), text(), text()),
        outcome in prop::sample::select(vec![AuditOutcome::Succeeded, AuditOutcome::Denied, AuditOutcome::Failed]),
        optional in (prop::option::of(text()), prop::option::of(text())),
    ) -> AuditRecord {
        AuditRecord {
            tenant: tenant(),
            seq,
            at: Timestamp::from_millis(at),
            actor: texts.0,
            action: texts.1,
            details: texts.2,
            outcome,
            object: optional.0,
            request_id: optional.1,
        }
    }
}

/// One change of a kept chain.
#[derive(Clone, Debug)]
enum Tampering {
    Record(usize, u8),
    Seal(usize, usize),
    Remove(usize),
    Swap(usize, usize),
    /// The numbers stay in order, the contents are exchanged.
    SwapContent(usize, usize),
    Repeat(usize, usize),
    CutOff(usize),
    CutFront(usize),
}

fn tampering() -> impl Strategy<Value = Tampering> {
    let at = 0_usize..30;
    prop_oneof![
        (at.clone(), 0_u8..8).prop_map(|(at, field)| Tampering::Record(at, field)),
        (at.clone(), 0_usize..256).prop_map(|(at, bit)| Tampering::Seal(at, bit)),
        at.clone().prop_map(Tampering::Remove),
        (at.clone(), at.clone()).prop_map(|(a, b)| Tampering::Swap(a, b)),
        (at.clone(), at.clone()).prop_map(|(a, b)| Tampering::SwapContent(a, b)),
        (at.clone(), at.clone()).prop_map(|(a, b)| Tampering::Repeat(a, b)),
        at.clone().prop_map(Tampering::CutOff),
        at.prop_map(Tampering::CutFront),
    ]
}

fn tamper(sealed: &mut Vec<Sealed>, tampering: &Tampering) {
    let count = sealed.len();
    match *tampering {
        Tampering::Record(at, field) => change(&mut sealed[at % count].0, field),
        Tampering::Seal(at, bit) => {
            let mut bytes = *sealed[at % count].1.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            sealed[at % count].1 = Seal::from_bytes(bytes);
        }
        Tampering::Remove(at) => drop(sealed.remove(at % count)),
        Tampering::Swap(a, b) => sealed.swap(a % count, b % count),
        Tampering::SwapContent(a, b) => {
            let (a, b) = (a % count, b % count);
            sealed.swap(a, b);
            let first = sealed[a].0.seq;
            sealed[a].0.seq = sealed[b].0.seq;
            sealed[b].0.seq = first;
        }
        Tampering::Repeat(from, to) => {
            let copy = sealed[from % count].clone();
            sealed.insert(to % count, copy);
        }
        Tampering::CutOff(at) => sealed.truncate(at % count),
        Tampering::CutFront(at) => drop(sealed.drain(..at % count)),
    }
}

fn change(record: &mut AuditRecord, field: u8) {
    match field {
        0 => record.at = Timestamp::from_millis(record.at.as_millis() + 1),
        1 => record.actor.push('x'),
        2 => record.action.push('x'),
        3 => record.details.push('x'),
        4 => record.outcome = AuditOutcome::Denied,
        5 => record.request_id = None,
        6 => record.object = Some(String::new()),
        _ => record.seq += 1,
    }
}

proptest! {
    #[test]
    fn two_records_have_the_same_bytes_only_if_they_are_the_same(a in any_record(), b in any_record()) {
        prop_assert_eq!(canonical::bytes(&a) == canonical::bytes(&b), a == b);
    }

    #[test]
    fn whatever_is_done_to_a_chain_is_found(count in 1_u64..30, tampering in tampering()) {
        let (original, end) = written(count);
        let mut sealed = original.clone();
        tamper(&mut sealed, &tampering);
        let verdict = verify(&sealed, &end);
        if sealed == original {
            prop_assert_eq!(verdict, Ok(count));
        } else {
            prop_assert!(verdict.is_err(), "{:?}", tampering);
        }
    }
}
