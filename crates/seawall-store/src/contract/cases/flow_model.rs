//! Flow control against a model of three lines.

use std::time::Duration;

use crate::contract::flow_world::{come_with, end, of_key, stage};
use crate::contract::{Subject, World};
use crate::ids::RunId;
use crate::records::{FlowStage, Lease, RunStatus};

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
