//! A document against its own definition.

use crate::executor::Registry;
use crate::export::{DocumentError, RunDocument};
use crate::replay::{Replay, Verdict};

/// Replays an exported run. A divergence means that this program decides otherwise than the one that recorded it, or that
/// the record was changed.
///
/// # Errors
/// Those of [`RunDocument::compiled`].
pub fn replay(document: &RunDocument, registry: &Registry) -> Result<Verdict, DocumentError> {
    let definition = document.compiled(registry)?;
    match Replay::new(definition, document.events()) {
        Ok(replay) => Ok(replay.finish()),
        // Both were checked before.
        Err(_) => Err(DocumentError::OtherDefinition),
    }
}
