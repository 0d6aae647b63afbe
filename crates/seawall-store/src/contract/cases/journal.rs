//! Reading a journal in parts.

use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::ids::{RunId, Seq};
use crate::records::Lease;

const TEXT: usize = 1000;

/// A held run with ten segments of three events and 1000 bytes each, after the first event.
async fn long(world: &World<'_>) -> Lease {
    let node = world.node().await;
    let lease = world.held(node).await;
    for number in 0..10u8 {
        let text = char::from(b'a' + number).to_string().repeat(TEXT);
        let mut append = world.next(&lease, &text).await;
        if let Some(segment) = &mut append.segment {
            segment.count = 3;
        }
        world.append(append).await;
    }
    lease
}

pub async fn a_journal_is_read_in_parts_of_about_as_many_bytes(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = long(&world).await;
    let (count, whole) = world.journal(lease.run).await;
    assert_eq!((count, whole.len()), (31, "created".len() + 10 * TEXT));
    for max_bytes in [0, 1, 2500, 100_000] {
        let (mut after, mut text) = (Seq(0), Vec::new());
        loop {
            let page = world
                .store
                .journal(&world.tenant, lease.run, after, max_bytes)
                .await
                .expect("it exists");
            assert_eq!(page.record.last_seq, Seq(31));
            let Some(last) = page.segments.last() else { break };
            let bytes: usize = page.segments.iter().map(|segment| segment.bytes.len()).sum();
            assert!(
                bytes <= max_bytes + TEXT,
                "{bytes} bytes where about {max_bytes} were asked for"
            );
            assert_eq!(page.segments[0].first, after.plus(1), "no hole and no repetition");
            text.extend(page.segments.iter().flat_map(|segment| segment.bytes.to_vec()));
            after = last.last();
        }
        assert_eq!(after, Seq(31));
        assert_eq!(text, whole.as_bytes(), "in parts of {max_bytes}");
    }
}

pub async fn a_journal_is_read_on_from_inside_a_segment(subject: &Subject) {
    let world = World::of(subject).await;
    let lease = long(&world).await;
    // Places 5, 6 and 7 stand in one segment.
    for after in [5, 6] {
        let page = world
            .store
            .journal(&world.tenant, lease.run, Seq(after), 1)
            .await
            .expect("it exists");
        let first = &page.segments[0];
        assert!(first.first <= Seq(after) && first.last() > Seq(after), "{first:?}");
        assert!(first.bytes.starts_with(b"b"), "{first:?}");
    }
    let page = world
        .store
        .journal(&world.tenant, lease.run, Seq(7), 1)
        .await
        .expect("it exists");
    assert_eq!(page.segments[0].first, Seq(8));
}

pub async fn a_journal_has_nothing_after_its_end(subject: &Subject) {
    let world = World::of(subject).await;
    let run = world.unheld().await;
    for after in [1, 2, 1000] {
        let page = world
            .store
            .journal(&world.tenant, run, Seq(after), 1000)
            .await
            .expect("it exists");
        assert!(page.segments.is_empty(), "{page:?}");
        assert_eq!(page.record, world.record(run).await);
    }
    let nobody = world
        .store
        .journal(&world.tenant, RunId::generate(), Seq(0), 1000)
        .await;
    assert_refused!(nobody, StoreError::NotFound);
}
