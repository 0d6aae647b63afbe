//! A recorded run against a changed definition.
//!
//! First the record is replayed with its own definition: that gives the [`tape`], what the world answered and when. Then
//! the run is driven anew with the changed definition, and the tape answers: each attempt by its activity and its place
//! among that activity's attempts, if its request is the same; people's decisions, signals and children's ends as they
//! came. Nothing is guessed: what has no answer waits for one, the rest of the run goes on, and what differs is listed in
//! the words of whoever writes workflows.

mod answer;
mod clock;
mod compare;
mod difference;
mod explain;
mod finding;
mod look;
mod tape;
mod world;

use std::sync::Arc;

use seawall_store::RunStatus;

use crate::core::Recorded;
use crate::definition::Definition;
use crate::executor::Registry;
use crate::export::{DocumentError, RunDocument};
use crate::replay::Divergence;
use crate::replay::change::compare::finish;
use crate::replay::change::finding::Findings;
use crate::replay::change::tape::{NoTape, Tape};
use crate::replay::change::world::World;
pub use finding::{Comparison, Finding, FindingKind};

/// Replays an exported run with another definition.
///
/// # Errors
/// Those of [`RunDocument::compiled`].
pub fn replay_changed(
    document: &RunDocument,
    registry: &Registry,
    changed: &Arc<Definition>,
) -> Result<Comparison, DocumentError> {
    let own = document.compiled(registry)?;
    compare(&own, changed, document.events()).ok_or(DocumentError::OtherDefinition)
}

/// None: the record is not one of `own`.
pub(crate) fn compare(own: &Arc<Definition>, changed: &Arc<Definition>, record: &[Recorded]) -> Option<Comparison> {
    let tape = match Tape::of(Arc::clone(own), record) {
        Ok(tape) => tape,
        Err(NoTape::Diverges(divergence, status)) => return Some(of_record(&divergence, status)),
        Err(NoTape::OtherDefinition) => return None,
    };
    let recorded = tape.end.status();
    let mut world = World::new(changed, record, tape);
    world.run();
    let replayed = world.state().status();
    let Findings { list, more } = finish(world, own, record);
    Some(Comparison {
        findings: list,
        more,
        recorded,
        replayed,
    })
}

/// A record that this program does not even replay with its own definition says nothing of another one.
fn of_record(divergence: &Divergence, status: RunStatus) -> Comparison {
    let message = "this version of Seawall replays the run otherwise than it was recorded, even with its own definition; \
                   replay it without a change first";
    Comparison {
        findings: vec![Finding {
            seq: divergence.seq,
            activity: None,
            kind: FindingKind::Record,
            message: message.to_owned(),
        }],
        more: false,
        recorded: status,
        replayed: status,
    }
}
