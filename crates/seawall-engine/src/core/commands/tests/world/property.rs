//! The properties. What is asserted stands in `check`, `monitor` and `simulation`; here a run is driven, and then led to
//! its end by people who do what it asks them for.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::op::{ChildEnd, End, Found, Op, Search, WorkerEnd, op};
use super::plan::{Plan, plan};
use super::simulation::World;
use crate::core::commands::tests::kit::Subject;

/// More than any run of these needs.
const ENOUGH: usize = 2000;

pub(super) fn driven(plan: &Plan, ops: &[Op]) -> World {
    let run = Subject::of(&plan.definition());
    // Some are children, and it is their parent that has them retried.
    let run = if ops.len() % 4 == 3 { run.into_child() } else { run };
    let mut world = World::new(run);
    for (place, op) in ops.iter().enumerate() {
        // What comes first comes before the run has begun.
        if place == 1 {
            world.begin();
        }
        world.apply(*op);
    }
    world.begin();
    world
}

/// Whatever it waits for comes.
pub(super) fn led_to_its_end(world: &mut World) {
    world.apply(Op::Full { full: false });
    world.apply(Op::Resume);
    for round in 0..ENOUGH {
        if world.ended() {
            return;
        }
        let signal = world.signals().first().map(|(_, name)| name.clone());
        let end = if round % 3 == 0 { End::Failed } else { End::Succeeded };
        if world.flying() > 0 {
            world.apply(Op::Settle { pick: 0, end });
        } else if world.lookups() > 0 {
            let search = Search::Found;
            world.apply(Op::Lookup { pick: 0, search });
        } else if !world.tasks().is_empty() {
            let end = if round % 3 == 0 {
                WorkerEnd::Failed
            } else {
                WorkerEnd::Completed
            };
            world.apply(Op::Task { pick: 0, end });
        } else if !world.children().is_empty() {
            let end = ChildEnd::Succeeded;
            world.apply(Op::Child { pick: 0, end });
        } else if !world.approvals().is_empty() {
            world.apply(Op::Decide { pick: 0, approve: true });
        } else if let Some(name) = signal {
            world.signal(&name);
        } else if world.unknown() > 0 {
            let found = if round % 2 == 0 { Found::Again } else { Found::Out };
            world.apply(Op::Resolve { pick: 0, found });
        } else if world.is_gated() {
            world.apply(Op::Admit);
        } else {
            world.wait(0);
        }
    }
    panic!("the run does not end: {:?}", world.run.state.steps);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_run_ends_once_it_gets_what_it_waits_for(plan in plan(), ops in vec(op(), 0..60)) {
        let mut world = driven(&plan, &ops);
        led_to_its_end(&mut world);
        // What has ended stays ended, whatever comes, unless it is retried.
        for op in &ops {
            if !matches!(op, Op::Retry) {
                let before = world.run.journal.len();
                world.apply(*op);
                prop_assert_eq!(world.run.journal.len(), before);
            }
        }
        world.apply(Op::Retry);
        led_to_its_end(&mut world);
    }

    #[test]
    fn a_run_that_crashes_after_every_command_ends_too(plan in plan(), ops in vec(op(), 0..40)) {
        let mut world = World::new(Subject::of(&plan.definition()));
        world.begin();
        for (place, op) in (0u8..).zip(&ops) {
            world.apply(*op);
            world.crash(place, place.wrapping_mul(37), place < 20, place % 16 == 15);
        }
        led_to_its_end(&mut world);
    }
}

/// A property that never meets a thing says nothing of it.
#[test]
fn the_random_runs_go_through_every_kind_of_event() {
    let mut met: BTreeSet<&'static str> = BTreeSet::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..400 {
        let plan = plan().new_tree(&mut runner).expect("a plan").current();
        let ops = vec(op(), 0..60).new_tree(&mut runner).expect("operations").current();
        let world = driven(&plan, &ops);
        met.extend(world.run.journal.iter().map(|recorded| recorded.event.name()));
    }
    // All that there are, but for the two with which forks begin.
    assert_eq!(met.len(), 40, "{met:?}");
}
