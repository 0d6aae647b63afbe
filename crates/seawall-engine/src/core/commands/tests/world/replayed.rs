//! Whatever a run went through, its journal replays to itself; a journal that was tampered with does not.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;

use super::op::op;
use super::plan::plan;
use super::property::{driven, led_to_its_end};
use crate::core::Recorded;
use crate::core::commands::tests::check;
use crate::core::commands::tests::kit::Subject;
use crate::replay::{Replay, Verdict, compare};

/// Replays the journal, and answers where its decisions end.
fn replayed(run: &Subject, journal: &[Recorded]) -> Result<Vec<usize>, String> {
    let mut replay = Replay::new(Arc::clone(&run.definition), journal).map_err(|error| error.to_string())?;
    let mut ends = vec![1];
    while let Some(step) = replay.next() {
        ends.push(step.map_err(|divergence| format!("{divergence:#?}"))?.events.end);
    }
    check::indexes(replay.state());
    Ok(ends)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_journal_replays_to_itself(plan in plan(), ops in vec(op(), 0..60), ends in any::<bool>()) {
        let mut world = driven(&plan, &ops);
        if ends {
            led_to_its_end(&mut world);
        }
        let run = &world.run;
        let replayed = replayed(run, &run.journal);
        prop_assert!(replayed.is_ok(), "{}\n{:#?}", replayed.unwrap_err(), run.journal);
        let replay = Replay::new(Arc::clone(&run.definition), &run.journal).unwrap();
        prop_assert_eq!(replay.finish(), Verdict::Identical);
    }

    #[test]
    fn an_unchanged_definition_makes_no_difference_to_any_run(plan in plan(), ops in vec(op(), 0..60), ends in any::<bool>()) {
        let mut world = driven(&plan, &ops);
        if ends {
            led_to_its_end(&mut world);
        }
        let run = &world.run;
        let comparison = compare(&run.definition, &run.definition, &run.journal).unwrap();
        prop_assert!(comparison.findings.is_empty(), "{:#?}\n{:#?}", comparison, run.journal);
        prop_assert_eq!(comparison.replayed, comparison.recorded);
    }
}
