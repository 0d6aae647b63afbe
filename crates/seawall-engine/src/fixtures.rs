//! Definitions and states for tests.

use std::sync::Arc;

use seawall_store::{Epoch, ParentLink, RunKey, RunRecord};
use serde_json::{Value, json};

use crate::core::{Event, Recorded, RunCreated, RunState};
use crate::definition::{Definition, compile};
use crate::executor::Registry;
use crate::journal::READER_VERSION;
use crate::journal::arbitrary::{run_id, version};

pub(crate) fn definition(source: &Value) -> Arc<Definition> {
    match compile(source, &Registry::default()) {
        Ok(definition) => Arc::new(definition),
        Err(errors) => panic!("{errors:?}"),
    }
}

/// The first event of run 1; with a parent, it answers to that run's step `outer` in generation 2.
pub(crate) fn born(source: &Value, child_of: Option<u128>) -> Event {
    Event::RunCreated(Box::new(RunCreated {
        run: run_id(1),
        workflow: version("parent"),
        definition: definition(source).digest,
        input: json!({"n": 1}).into(),
        created_by: Arc::from("ann"),
        parent: child_of.map(|parent| ParentLink {
            run: run_id(parent),
            step: "outer".to_owned(),
            item: None,
            generation: 2,
        }),
        depth: u32::from(child_of.is_some()),
        scheduled: None,
        gated: definition(source).flow.is_gated(),
        priority: 0,
        trace: None,
    }))
}

pub(crate) fn replay(source: &Value, events: &[Recorded]) -> RunState {
    RunState::replay(definition(source), events).unwrap()
}

/// The row of that run, held by nobody and due never.
pub(crate) fn record(state: &RunState) -> RunRecord {
    RunRecord {
        key: RunKey(1),
        id: state.run,
        workflow: state.workflow.clone(),
        created_by: Arc::clone(&state.created_by),
        created_at: state.created_at,
        parent: state.parent.clone(),
        priority: state.priority,
        projection: state.projection(),
        last_seq: state.seq,
        epoch: Epoch(4),
        holder: None,
        due: None,
        deaths: 0,
        reader: READER_VERSION,
    }
}
