//! Flow control: who is admitted, when, and what gives way.

use std::sync::Arc;
use std::time::Duration;

use crate::contract::world::assert_refused;
use crate::contract::{Subject, World};
use crate::error::StoreError;
use crate::ids::{NodeId, RunId, TenantId};
use crate::records::{
    AppendThen, Debounce, FlowEntry, FlowLine, FlowNumbers, FlowStage, Lease, NewMessage, NewRun, OnConflict, Page,
    Rate, RunStatus, Sent, StatusSet,
};

const SECOND: Duration = Duration::from_secs(1);

fn body(text: &str) -> Arc<[u8]> {
    Arc::from(text.as_bytes())
}

/// One slot, no key, those that find none wait.
fn entry(world: &World<'_>) -> FlowEntry {
    FlowEntry {
        scope: world.flow.id,
        key: None,
        numbers: FlowNumbers {
            version: 1,
            slots: Some(1),
            rate: None,
        },
        on_conflict: OnConflict::Queue,
        debounce: None,
        admitted: body("go"),
        deadline: None,
    }
}

fn with_slots(world: &World<'_>, version: u32, slots: u32) -> FlowEntry {
    let mut entry = entry(world);
    entry.numbers = FlowNumbers {
        version,
        slots: Some(slots),
        rate: None,
    };
    entry
}

fn of_key(world: &World<'_>, key: &str) -> FlowEntry {
    FlowEntry {
        key: Some(Arc::from(key)),
        ..entry(world)
    }
}

fn held_back(world: &World<'_>, priority: i8, flow: FlowEntry) -> NewRun {
    NewRun {
        priority,
        flow: Some(flow),
        ..world.new_run()
    }
}

async fn come(world: &World<'_>, flow: FlowEntry) -> RunId {
    come_with(world, 0, flow).await
}

async fn come_with(world: &World<'_>, priority: i8, flow: FlowEntry) -> RunId {
    let new = held_back(world, priority, flow);
    let id = new.id;
    world.create(new).await;
    id
}

async fn stage(world: &World<'_>, run: RunId) -> FlowStage {
    let place = world.store.flow_place(&world.tenant, run).await;
    place.expect("reading works").expect("it has flow control").stage
}

async fn stages(world: &World<'_>, runs: &[RunId]) -> Vec<FlowStage> {
    let mut found = Vec::new();
    for run in runs {
        found.push(stage(world, *run).await);
    }
    found
}

async fn lines(world: &World<'_>) -> Vec<FlowLine> {
    let page = world
        .store
        .list_flow(&world.tenant, world.flow.id, Page::first(200))
        .await;
    page.expect("reading works").items
}

/// Running, queued and debounced runs of the only line.
async fn counts(world: &World<'_>) -> (u32, u32, u32) {
    match &lines(world).await[..] {
        [] => (0, 0, 0),
        [line] => (line.running, line.queued, line.waiting),
        more => unreachable!("one line: {more:?}"),
    }
}

/// Claims everything that is due and answers the lease of this run.
async fn claimed(world: &World<'_>, node: NodeId, run: RunId) -> Lease {
    let claimed = world.claim(node, 100).await;
    let lease = claimed
        .into_iter()
        .map(|claimed| claimed.lease)
        .find(|lease| lease.run == run);
    lease.expect("it is due")
}

async fn end(world: &World<'_>, lease: &Lease, status: RunStatus) {
    let mut append = world.next(lease, "end").await;
    append.projection = World::projection(status);
    append.then = AppendThen::End;
    world.append(append).await;
}

fn retry(key: &str) -> NewMessage {
    NewMessage {
        allowed: StatusSet::of(&[RunStatus::Failed, RunStatus::Cancelled]),
        readmit: true,
        ..World::message(key)
    }
}

pub async fn a_run_is_admitted_while_a_slot_is_free_and_waits_else(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let (first, second) = (come(&world, entry(&world)).await, come(&world, entry(&world)).await);
    assert_eq!(
        stages(&world, &[first, second]).await,
        [FlowStage::Running, FlowStage::Queued]
    );
    assert_eq!(world.record(first).await.due, Some(world.now()));
    assert_eq!(world.record(second).await.due, None);
    assert_eq!(counts(&world).await, (1, 1, 0));
    let lease = claimed(&world, node, first).await;
    assert_eq!(world.inbox(&lease).await, ["admitted"]);
    assert!(world.claim(node, 10).await.is_empty());
    end(&world, &lease, RunStatus::Succeeded).await;
    assert_eq!(
        stages(&world, &[first, second]).await,
        [FlowStage::Released, FlowStage::Running]
    );
    assert_eq!(counts(&world).await, (1, 0, 0));
    let lease = claimed(&world, node, second).await;
    end(&world, &lease, RunStatus::Succeeded).await;
    assert!(lines(&world).await.is_empty());
}

pub async fn a_run_under_flow_control_is_never_born_held(subject: &Subject) {
    let world = World::of(subject).await;
    let new = NewRun {
        hold: Some(NodeId::generate()),
        ..held_back(&world, 0, entry(&world))
    };
    let id = new.id;
    world.create(new).await;
    assert_eq!(world.record(id).await.holder, None);
}

pub async fn a_waiting_run_is_due_at_its_deadline(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    come(&world, entry(&world)).await;
    world.claim(node, 10).await;
    let deadline = Some(world.later(SECOND));
    let waiting = come(
        &world,
        FlowEntry {
            deadline,
            ..entry(&world)
        },
    )
    .await;
    assert_eq!(world.record(waiting).await.due, deadline);
    world.clock.advance(SECOND);
    let lease = claimed(&world, node, waiting).await;
    assert!(world.inbox(&lease).await.is_empty());
    end(&world, &lease, RunStatus::Failed).await;
    assert_eq!(counts(&world).await, (1, 0, 0));
}

pub async fn every_end_frees_the_slot_once(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let mut runs = Vec::new();
    for _ in 0..6 {
        runs.push(come(&world, entry(&world)).await);
    }
    let ends = [RunStatus::Succeeded, RunStatus::Failed, RunStatus::Cancelled];
    for (place, status) in ends.into_iter().enumerate() {
        let lease = claimed(&world, node, runs[place]).await;
        let mut append = world.next(&lease, "end").await;
        append.projection = World::projection(status);
        // Also where the lease is kept.
        append.then = if status == RunStatus::Failed {
            AppendThen::Hold
        } else {
            AppendThen::End
        };
        for _ in 0..2 {
            world.append(append.clone()).await;
        }
        assert_eq!(counts(&world).await, (1, 4 - u32::try_from(place).expect("few"), 0));
    }
}

pub async fn the_queue_is_in_the_order_of_coming_and_priority(subject: &Subject) {
    let world = World::of(subject).await;
    let mut running = come(&world, entry(&world)).await;
    let old = come(&world, entry(&world)).await;
    world.clock.advance(Duration::from_millis(9_999));
    let ranked = come_with(&world, 1, entry(&world)).await;
    world.clock.advance(Duration::from_millis(1));
    // One point is as good as having waited for 10 s; of equals the one created first comes first.
    let equal = come_with(&world, 1, entry(&world)).await;
    let low = come_with(&world, -100, entry(&world)).await;
    let late = come(&world, entry(&world)).await;
    let node = world.node().await;
    for next in [ranked, old, equal, late, low] {
        let lease = claimed(&world, node, running).await;
        end(&world, &lease, RunStatus::Succeeded).await;
        assert_eq!(stage(&world, next).await, FlowStage::Running);
        running = next;
    }
}

pub async fn a_saturated_key_holds_nobody_else_back(subject: &Subject) {
    let world = World::of(subject).await;
    let (a, b) = (of_key(&world, "a"), of_key(&world, "b"));
    let mut runs = Vec::new();
    for flow in [a.clone(), a.clone(), a, b, entry(&world)] {
        runs.push(come(&world, flow).await);
    }
    let (running, queued) = (FlowStage::Running, FlowStage::Queued);
    assert_eq!(stages(&world, &runs).await, [running, queued, queued, running, running]);
    let found: Vec<_> = lines(&world)
        .await
        .into_iter()
        .map(|line| (line.key, line.queued))
        .collect();
    assert_eq!(found, [(None, 0), (Some(Arc::from("b")), 0), (Some(Arc::from("a")), 2)]);
    let place = world
        .store
        .flow_place(&world.tenant, runs[2])
        .await
        .expect("reading works");
    assert_eq!(place.expect("it waits").ahead, 1);
}

pub async fn lines_are_listed_in_pages(subject: &Subject) {
    let world = World::of(subject).await;
    for key in ["a", "b", "c"] {
        come(&world, of_key(&world, key)).await;
    }
    let page = world
        .store
        .list_flow(&world.tenant, world.flow.id, Page::first(2))
        .await;
    let page = page.expect("reading works");
    assert_eq!(page.items.len(), 2);
    let rest = Page {
        limit: 2,
        cursor: page.next,
    };
    let rest = world
        .store
        .list_flow(&world.tenant, world.flow.id, rest)
        .await
        .expect("reading works");
    assert_eq!(
        (rest.items[0].key.as_deref(), rest.items.len(), rest.next),
        (Some("a"), 1, None)
    );
}

pub async fn tenants_have_slots_of_their_own(subject: &Subject) {
    let world = World::of(subject).await;
    let other = World::of_tenant(subject, TenantId::new("other").expect("a tenant")).await;
    let ours = come(&world, entry(&world)).await;
    // The same scope in name only.
    let theirs = come(&other, entry(&world)).await;
    assert_eq!(
        (stage(&world, ours).await, stage(&other, theirs).await),
        (FlowStage::Running, FlowStage::Running)
    );
    assert!(
        other
            .store
            .flow_place(&other.tenant, ours)
            .await
            .expect("reading works")
            .is_none()
    );
    let listed = other
        .store
        .list_flow(&other.tenant, world.flow.id, Page::first(9))
        .await;
    assert_eq!(listed.expect("reading works").items.len(), 1);
}

pub async fn the_numbers_of_the_highest_version_hold(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let mut runs = Vec::new();
    for (version, slots) in [(2, 1), (1, 3), (1, 3)] {
        runs.push(come(&world, with_slots(&world, version, slots)).await);
    }
    assert_eq!(counts(&world).await, (1, 2, 0));
    // From the next creation on, for all that wait.
    runs.push(come(&world, with_slots(&world, 3, 3)).await);
    assert_eq!(counts(&world).await, (3, 1, 0));
    runs.push(come(&world, with_slots(&world, 4, 1)).await);
    assert_eq!(counts(&world).await, (3, 2, 0));
    let lease = claimed(&world, node, runs[0]).await;
    end(&world, &lease, RunStatus::Succeeded).await;
    assert_eq!(counts(&world).await, (2, 2, 0));
}

pub async fn a_run_that_must_not_wait_is_refused(subject: &Subject) {
    let world = World::of(subject).await;
    let reject = || FlowEntry {
        on_conflict: OnConflict::Reject { message: body("no") },
        ..entry(&world)
    };
    come(&world, reject()).await;
    let new = held_back(&world, 0, reject());
    let (id, refused) = (new.id, world.store.create_run(&world.tenant, new).await);
    assert_refused!(refused, StoreError::FlowRejected { running: 1, slots: 1 });
    assert!(
        world
            .store
            .run(&world.tenant, id)
            .await
            .expect("reading works")
            .is_none()
    );
    assert_eq!(counts(&world).await, (1, 0, 0));
}

pub async fn a_child_that_must_not_wait_gets_a_message_and_no_slot(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    come(&world, entry(&world)).await;
    world.claim(node, 10).await;
    let parent = world.held(node).await;
    let child = held_back(
        &world,
        0,
        FlowEntry {
            on_conflict: OnConflict::Reject { message: body("no") },
            ..entry(&world)
        },
    );
    let id = child.id;
    let mut append = world.next(&parent, "child").await;
    append.children.push(child);
    world.append(append.clone()).await;
    world.append(append).await;
    assert_eq!(stage(&world, id).await, FlowStage::Released);
    let lease = claimed(&world, node, id).await;
    assert_eq!(world.inbox(&lease).await, ["rejected"]);
    end(&world, &lease, RunStatus::Failed).await;
    assert_eq!(counts(&world).await, (1, 0, 0));
}

pub async fn a_newer_run_makes_the_others_give_way(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let cancel = || FlowEntry {
        on_conflict: OnConflict::CancelRunning {
            message: body("make room"),
        },
        ..entry(&world)
    };
    let old = come(&world, cancel()).await;
    let lease = claimed(&world, node, old).await;
    let between = come(&world, cancel()).await;
    let new = come(&world, cancel()).await;
    // The running one keeps its slot and is told once; the waiting one has left at once.
    assert_eq!(
        world.inbox(&lease).await,
        ["admitted".to_owned(), format!("superseded:{between}")]
    );
    let stages = stages(&world, &[old, between, new]).await;
    assert_eq!(stages, [FlowStage::Running, FlowStage::Released, FlowStage::Queued]);
    assert_eq!(counts(&world).await, (1, 1, 0));
    let left = claimed(&world, node, between).await;
    assert_eq!(world.inbox(&left).await, [format!("superseded:{new}")]);
    end(&world, &left, RunStatus::Cancelled).await;
    assert_eq!(counts(&world).await, (1, 1, 0));
    end(&world, &lease, RunStatus::Cancelled).await;
    assert_eq!(stage(&world, new).await, FlowStage::Running);
}

pub async fn a_rate_admits_a_burst_and_then_evenly(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let rated = || {
        let mut entry = entry(&world);
        entry.numbers.slots = None;
        entry.numbers.rate = Some(Rate { limit: 3, per: SECOND });
        entry
    };
    for _ in 0..6 {
        come(&world, rated()).await;
    }
    assert_eq!(counts(&world).await, (3, 3, 0));
    // A third of a second, rounded up.
    let next = world.later(Duration::from_millis(334));
    assert_eq!(lines(&world).await[0].next_at, Some(next));
    world.claim(node, 10).await;
    assert_eq!(
        world.store.next_due().await.expect("reading works"),
        Some((next, world.now()))
    );
    world.clock.advance(Duration::from_millis(333));
    assert!(world.claim(node, 10).await.is_empty());
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.claim(node, 10).await.len(), 1);
    assert_eq!(counts(&world).await, (4, 2, 0));
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(world.claim(node, 10).await.len(), 2);
    assert_eq!(lines(&world).await[0].next_at, None);
}

pub async fn a_debounced_run_gives_way_until_the_burst_is_over(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let quiet = || {
        let mut entry = entry(&world);
        entry.numbers.slots = None;
        entry.debounce = Some(Debounce {
            key: Some(Arc::from("k")),
            period: SECOND * 2,
            max_wait: SECOND * 5,
            message: body("a newer one"),
        });
        entry
    };
    let begin = world.now();
    let mut runs = Vec::new();
    for _ in 0..4 {
        runs.push(come(&world, quiet()).await);
        world.clock.advance(Duration::from_millis(1500));
    }
    // 0, 1.5, 3, 4.5: the last one would wait until 6.5, but no burst waits for longer than 5.
    let place = world
        .store
        .flow_place(&world.tenant, runs[3])
        .await
        .expect("reading works");
    let not_before = place.expect("it is debounced").not_before;
    assert_eq!(not_before, Some(begin.saturating_add(SECOND * 5)));
    let debounced = FlowStage::Debounced;
    let released = FlowStage::Released;
    assert_eq!(stages(&world, &runs).await, [released, released, released, debounced]);
    assert_eq!(counts(&world).await, (0, 0, 1));
    // Now, at 6, its wait is over: it is not superseded any more, and another burst begins.
    let next = come(&world, quiet()).await;
    assert_eq!(stages(&world, &[runs[3], next]).await, [FlowStage::Running, debounced]);
    world.clock.advance(SECOND * 2);
    let claimed: Vec<RunId> = world.claim(node, 10).await.iter().map(|run| run.lease.run).collect();
    assert!(claimed.contains(&next) && claimed.contains(&runs[3]) && claimed.contains(&runs[0]));
}

pub async fn a_retry_waits_for_a_slot_again(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    let first = come(&world, entry(&world)).await;
    let lease = claimed(&world, node, first).await;
    let row = world.store.unread(&lease, 1).await.expect("held")[0].id;
    let mut append = world.next(&lease, "end").await;
    append.projection = World::projection(RunStatus::Failed);
    append.consumed = vec![row];
    append.then = AppendThen::End;
    world.append(append).await;
    let second = come(&world, entry(&world)).await;
    let running = claimed(&world, node, second).await;
    let sent = world.store.send(&world.tenant, first, retry("again")).await;
    assert_eq!(sent.expect("it is allowed"), Sent::Accepted);
    let sent = world.store.send(&world.tenant, first, retry("again")).await;
    assert_eq!(sent.expect("it is known"), Sent::Duplicate);
    assert_eq!(stage(&world, first).await, FlowStage::Queued);
    assert_eq!(world.record(first).await.due, None);
    // Another message brings it into memory, and what is withheld stays so.
    let other = NewMessage {
        allowed: StatusSet::of(&[RunStatus::Failed]),
        ..World::message("other")
    };
    world
        .store
        .send(&world.tenant, first, other)
        .await
        .expect("it is allowed");
    let lease = claimed(&world, node, first).await;
    assert_eq!(world.inbox(&lease).await, ["other"]);
    end(&world, &running, RunStatus::Succeeded).await;
    assert_eq!(stage(&world, first).await, FlowStage::Running);
    assert_eq!(world.inbox(&lease).await, ["again", "other"]);
    end(&world, &lease, RunStatus::Succeeded).await;
    assert!(lines(&world).await.is_empty());
}

pub async fn a_run_without_flow_control_is_not_asked(subject: &Subject) {
    let world = World::of(subject).await;
    let node = world.node().await;
    come(&world, entry(&world)).await;
    let lease = world.ended(node, RunStatus::Failed).await;
    world
        .store
        .send(&world.tenant, lease.run, retry("again"))
        .await
        .expect("it is allowed");
    assert_eq!(world.record(lease.run).await.due, Some(world.now()));
    assert_eq!(
        world
            .store
            .flow_place(&world.tenant, lease.run)
            .await
            .expect("reading works"),
        None
    );
    let ranked = NewRun {
        priority: -7,
        ..world.new_run()
    };
    let id = ranked.id;
    world.create(ranked).await;
    assert_eq!(world.record(id).await.priority, -7);
}

/// A thousand random steps against a model of three lines: which runs have come, and which of them have ended.
pub async fn never_more_than_the_slots_run_and_all_run_in_their_order(subject: &Subject) {
    const SLOTS: [u32; 3] = [1, 2, 3];
    let world = World::of(subject).await;
    let node = world.node().await;
    let mut dice = Dice(7);
    // Of each line: what waits, by its place; what runs.
    let mut waiting: [Vec<(i64, usize, RunId)>; 3] = Default::default();
    let mut running: [Vec<RunId>; 3] = Default::default();
    let mut leases: Vec<Lease> = Vec::new();
    let mut come_in = 0;
    for step in 0..300 {
        world.clock.advance(Duration::from_millis(dice.below(400)));
        world
            .store
            .renew(node, crate::contract::TTL)
            .await
            .expect("the node is alive");
        let line = dice.below(3) as usize;
        let still_come = step < 150;
        if still_come && dice.below(3) > 0 {
            let mut flow = of_key(&world, &line.to_string());
            flow.scope = crate::ids::WorkflowId::derived(&[&line.to_be_bytes()]);
            flow.numbers.slots = Some(SLOTS[line]);
            let priority = i8::try_from(dice.below(5)).expect("small") - 2;
            let run = come_with(&world, priority, flow).await;
            let place = world.now().as_millis() - 10_000 * i64::from(priority);
            waiting[line].push((place, come_in, run));
            come_in += 1;
        } else if let Some(run) = running[line].pop() {
            leases.extend(world.claim(node, 100).await.into_iter().map(|claimed| claimed.lease));
            let at = leases
                .iter()
                .position(|lease| lease.run == run)
                .expect("what runs was claimed");
            end(&world, &leases.swap_remove(at), RunStatus::Succeeded).await;
        }
        for line in 0..3 {
            waiting[line].sort_unstable();
            while running[line].len() < SLOTS[line] as usize && !waiting[line].is_empty() {
                running[line].push(waiting[line].remove(0).2);
            }
            for run in &running[line] {
                assert_eq!(stage(&world, *run).await, FlowStage::Running, "step {step}");
            }
            for (ahead, (.., run)) in (0..).zip(&waiting[line]) {
                let place = world
                    .store
                    .flow_place(&world.tenant, *run)
                    .await
                    .expect("reading works");
                let place = place.expect("it waits");
                assert_eq!((place.stage, place.ahead), (FlowStage::Queued, ahead), "step {step}");
                let counted = (place.line.running, place.line.queued);
                let recounted = (running[line].len(), waiting[line].len());
                assert_eq!((counted.0 as usize, counted.1 as usize), recounted, "step {step}");
            }
        }
    }
}

/// Numbers that are the same for every backend.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}
