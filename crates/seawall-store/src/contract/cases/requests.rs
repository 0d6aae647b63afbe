//! Requests that happen once.

use std::time::Duration;

use uuid::Uuid;

use crate::contract::identity_world::shared;
use crate::contract::{IdentityWorld, Subject};
use crate::ids::Digest;
use crate::records::{ClaimId, Finish, RequestClaim, RequestState, StoredAnswer};

const LEASE: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_secs(86_400);

fn claim(number: u128) -> RequestClaim {
    RequestClaim {
        key: Digest::of(b"key"),
        fingerprint: Digest::of(b"body"),
        claim: ClaimId(Uuid::from_u128(number)),
        lease: LEASE,
        ttl: DAY,
    }
}

fn answer(body: &str) -> Finish {
    let headers = [("location", "/there"), ("etag", "\"1\"")];
    let headers = headers.map(|(name, value)| (shared(name), shared(value)));
    Finish::Answer(StoredAnswer::new(201, headers, body.as_bytes()).expect("it is small"))
}

async fn begin(world: &IdentityWorld<'_>, claim: RequestClaim) -> RequestState {
    let state = world.store.begin_request(&world.tenant, claim).await;
    state.expect("there is room")
}

async fn finish(world: &IdentityWorld<'_>, by: RequestClaim, finish: Finish) -> bool {
    let done = world
        .store
        .finish_request(&world.tenant, by.key, by.claim, finish)
        .await;
    done.expect("there is room")
}

async fn release(world: &IdentityWorld<'_>, by: RequestClaim) -> bool {
    let done = world.store.release_request(&world.tenant, by.key, by.claim).await;
    done.expect("there is room")
}

pub async fn a_request_that_was_done_replays_its_answer(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    assert_eq!(begin(&world, claim(1)).await, RequestState::Started);
    assert_eq!(begin(&world, claim(2)).await, RequestState::InUse);
    // The call itself was repeated.
    assert_eq!(begin(&world, claim(1)).await, RequestState::Started);
    assert!(finish(&world, claim(1), answer("made")).await);
    let replayed = begin(&world, claim(2)).await;
    let RequestState::Replay(kept) = &replayed else {
        unreachable!("it was done: {replayed:?}")
    };
    assert_eq!(
        (Finish::Answer(kept.clone()), &**kept.body()),
        (answer("made"), &b"made"[..])
    );
    assert_eq!(
        kept.headers().collect::<Vec<_>>(),
        [("location", "/there"), ("etag", "\"1\"")]
    );
    // Also to who began it; and what is done stays as it is.
    assert_eq!(begin(&world, claim(1)).await, replayed);
    assert!(finish(&world, claim(1), answer("again")).await);
    assert!(!release(&world, claim(1)).await);
    assert_eq!(begin(&world, claim(3)).await, replayed);
}

pub async fn of_two_requests_at_once_one_begins(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let (one, two) = tokio::join!(begin(&world, claim(1)), begin(&world, claim(2)));
    assert_eq!((one, two), (RequestState::Started, RequestState::InUse));
}

pub async fn another_request_under_the_key_differs(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = RequestClaim {
        fingerprint: Digest::of(b"another body"),
        ..claim(2)
    };
    begin(&world, claim(1)).await;
    assert_eq!(begin(&world, other).await, RequestState::Differs);
    world.clock.advance(LEASE * 2);
    assert_eq!(begin(&world, other).await, RequestState::Differs);
    finish(&world, claim(1), Finish::Withheld).await;
    assert_eq!(begin(&world, other).await, RequestState::Differs);
    let elsewhere = RequestClaim {
        key: Digest::of(b"another key"),
        ..other
    };
    assert_eq!(begin(&world, elsewhere).await, RequestState::Started);
}

pub async fn an_answer_that_is_withheld_is_not_replayed(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    begin(&world, claim(1)).await;
    assert!(finish(&world, claim(1), Finish::Withheld).await);
    for number in [1, 2] {
        assert_eq!(begin(&world, claim(number)).await, RequestState::ReplayForbidden);
    }
}

pub async fn a_released_request_may_be_another_one(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    begin(&world, claim(1)).await;
    assert!(!release(&world, claim(2)).await);
    assert!(release(&world, claim(1)).await);
    assert!(!release(&world, claim(1)).await);
    assert!(!finish(&world, claim(1), answer("late")).await);
    let other = RequestClaim {
        fingerprint: Digest::of(b"another body"),
        ..claim(2)
    };
    assert_eq!(begin(&world, other).await, RequestState::Started);
}

pub async fn a_request_whose_node_died_can_be_begun_again(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    begin(&world, claim(1)).await;
    world.clock.advance(LEASE - Duration::from_millis(1));
    assert_eq!(begin(&world, claim(2)).await, RequestState::InUse);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(begin(&world, claim(2)).await, RequestState::Started);
    // The new one has a lease of its own, and the old one was not dead after all.
    assert_eq!(begin(&world, claim(3)).await, RequestState::InUse);
    assert!(!finish(&world, claim(1), answer("late")).await);
    assert!(!release(&world, claim(1)).await);
    assert!(finish(&world, claim(2), answer("made")).await);
    let replayed = begin(&world, claim(3)).await;
    assert!(
        matches!(&replayed, RequestState::Replay(kept) if **kept.body() == *b"made"),
        "{replayed:?}"
    );
}

pub async fn a_slow_request_that_nobody_began_again_ends_as_others(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    begin(&world, claim(1)).await;
    world.clock.advance(LEASE * 2);
    assert!(finish(&world, claim(1), answer("late")).await);
    assert!(matches!(begin(&world, claim(2)).await, RequestState::Replay(_)));
}

pub async fn a_request_key_counts_until_its_time_is_over(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    begin(&world, claim(1)).await;
    finish(&world, claim(1), answer("made")).await;
    world.clock.advance(DAY - Duration::from_millis(1));
    assert!(matches!(begin(&world, claim(2)).await, RequestState::Replay(_)));
    world.clock.advance(Duration::from_millis(1));
    assert!(!finish(&world, claim(1), answer("late")).await);
    let other = RequestClaim {
        fingerprint: Digest::of(b"another body"),
        ..claim(3)
    };
    assert_eq!(begin(&world, other).await, RequestState::Started);
    assert_eq!(begin(&world, claim(4)).await, RequestState::Differs);
}

pub async fn a_request_key_is_its_tenants_own(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    let other = IdentityWorld::of_tenant(subject, "other");
    begin(&world, claim(1)).await;
    assert!(!finish(&other, claim(1), answer("theirs")).await);
    assert!(!release(&other, claim(1)).await);
    assert_eq!(begin(&other, claim(2)).await, RequestState::Started);
    assert_eq!(begin(&world, claim(3)).await, RequestState::InUse);
}

pub async fn requests_are_forgotten_when_their_time_is_over(subject: &Subject) {
    let world = IdentityWorld::of(subject);
    for number in 0..3 {
        let key = Digest::of(&[number]);
        begin(&world, RequestClaim { key, ..claim(1) }).await;
    }
    world.clock.advance(Duration::from_secs(1));
    begin(&world, claim(1)).await;
    let forget = async |limit| world.store.forget_requests(limit).await.expect("there is room");
    world.clock.advance(DAY - Duration::from_millis(1001));
    assert_eq!(forget(10).await, 0);
    world.clock.advance(Duration::from_millis(1));
    assert_eq!((forget(2).await, forget(2).await, forget(2).await), (2, 1, 0));
    assert_eq!(begin(&world, claim(1)).await, RequestState::Started);
}
