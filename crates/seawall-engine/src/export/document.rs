//! A document that was read.

use std::sync::Arc;

use seawall_store::{ParentLink, RunId, RunStatus, Seq, Timestamp, WorkflowVersion};
use serde_json::Value;
use serde_json::error::Category;

use crate::core::{Event, Recorded, RunCreated, RunState};
use crate::definition::{Definition, compile};
use crate::executor::Registry;
use crate::export::form::{DocumentForm, HeadForm, from_instant, run_id};
use crate::export::{DocumentError, FORMAT, MAX_DOCUMENT_BYTES, VERSION};
use crate::journal::{decode_line, stored_form, stored_text};

/// Characters of a field's name that a message shows.
const MAX_SHOWN: usize = 60;

/// What a document says of its run.
#[derive(Clone, PartialEq, Debug)]
pub struct DocumentRun {
    pub id: RunId,
    pub workflow: WorkflowVersion,
    /// When it was exported.
    pub status: RunStatus,
    pub created_at: Timestamp,
    pub created_by: Arc<str>,
    pub parent: Option<ParentLink>,
}

/// An exported run. That its parts belong together was checked.
#[derive(Debug)]
pub struct RunDocument {
    pub run: DocumentRun,
    pub exported_at: Timestamp,
    /// Of Seawall.
    pub exported_by_version: String,
    /// The runs that it started. Their journals are documents of their own.
    pub children: Vec<RunId>,
    /// As it was registered.
    pub definition: Value,
    events: Vec<Recorded>,
}

impl RunDocument {
    /// Reads a document, strictly: what is not understood in it is an error.
    ///
    /// # Errors
    /// The first thing that is wrong. Never panics, whatever the bytes are.
    pub fn read(bytes: &[u8]) -> Result<Self, DocumentError> {
        if bytes.len() > MAX_DOCUMENT_BYTES {
            return Err(DocumentError::TooLarge);
        }
        let head = head(bytes)?;
        if head.format.as_ref().and_then(Value::as_str) != Some(FORMAT) {
            return Err(DocumentError::NotAnExport);
        }
        match head.version.as_ref().and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(found) if found > VERSION => return Err(DocumentError::Newer { found }),
            _ => return Err(DocumentError::Field("version")),
        }
        Self::of_form(&serde_json::from_slice(bytes).map_err(DocumentError::Damaged)?)
    }

    fn of_form(form: &DocumentForm<'_>) -> Result<Self, DocumentError> {
        let found = form.journal.len() as u64;
        if found != form.run.events {
            let expected = form.run.events;
            return Err(DocumentError::Count { expected, found });
        }
        let mut events = Vec::with_capacity(form.journal.len());
        for (line, seq) in form.journal.iter().zip(1..) {
            let seq = Seq(seq);
            let event = decode_line(seq, line.get()).map_err(|source| DocumentError::Event { seq, source })?;
            if let Some(field) = unknown_field(&event, line.get()) {
                return Err(DocumentError::Unknown { seq, field });
            }
            if events.last().is_some_and(|last: &Recorded| last.at > event.at) {
                return Err(DocumentError::Order(seq));
            }
            events.push(event);
        }
        let run = form.run.read()?;
        belongs(&run, &events)?;
        let children: Result<Vec<RunId>, _> = form.children.iter().map(|id| run_id(id, "children")).collect();
        let children = children?;
        if children != children_of(&events) {
            return Err(DocumentError::Contradiction("children"));
        }
        Ok(Self {
            run,
            exported_at: from_instant(&form.exported_at).ok_or(DocumentError::Field("exported_at"))?,
            exported_by_version: form.exported_by_version.clone().into_owned(),
            children,
            definition: serde_json::from_str(form.definition.get()).map_err(DocumentError::Damaged)?,
            events,
        })
    }

    /// The journal, from the run's creation on, without a gap.
    #[must_use]
    pub fn events(&self) -> &[Recorded] {
        &self.events
    }

    /// The definition that the run executed.
    ///
    /// # Errors
    /// `Definition` when this program refuses it; `OtherDefinition` when the journal was not written for it; `Contradiction`
    /// when the run's status is not what its journal comes to.
    pub fn compiled(&self, registry: &Registry) -> Result<Arc<Definition>, DocumentError> {
        let definition = compile(&self.definition, registry).map_err(DocumentError::Definition)?;
        let expected = self.events.first().and_then(created).map(|created| created.definition);
        if expected != Some(definition.digest) {
            return Err(DocumentError::OtherDefinition);
        }
        let definition = Arc::new(definition);
        let replayed = RunState::replay(Arc::clone(&definition), &self.events);
        let status = replayed.map_err(|_| DocumentError::OtherDefinition)?.status();
        // A run is put aside as blocked, without an event, where its journal could not be used.
        if self.run.status == status || self.run.status == RunStatus::Blocked {
            Ok(definition)
        } else {
            Err(DocumentError::Contradiction("run.status"))
        }
    }
}

/// What a document says of itself, whatever else it holds.
fn head(bytes: &[u8]) -> Result<HeadForm, DocumentError> {
    let is_object = bytes.trim_ascii_start().starts_with(b"{");
    if !is_object {
        let json = serde_json::from_slice::<serde::de::IgnoredAny>(bytes);
        return Err(json.map_or_else(DocumentError::NotJson, |_| DocumentError::NotAnExport));
    }
    serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        Category::Data => DocumentError::Damaged(error),
        Category::Io | Category::Syntax | Category::Eof => DocumentError::NotJson(error),
    })
}

/// The runs that a journal says were started.
pub(super) fn children_of(events: &[Recorded]) -> Vec<RunId> {
    let started = events.iter().filter_map(|recorded| match &recorded.event {
        Event::ChildStarted(started) => Some(started.child),
        _ => None,
    });
    started.collect()
}

fn created(first: &Recorded) -> Option<&RunCreated> {
    match &first.event {
        Event::RunCreated(created) => Some(created),
        _ => None,
    }
}

/// What the document says of the run is what its journal says.
fn belongs(run: &DocumentRun, events: &[Recorded]) -> Result<(), DocumentError> {
    let first = events.first().ok_or(DocumentError::NoCreation)?;
    let created = created(first).ok_or(DocumentError::NoCreation)?;
    let same = [
        ("run.id", run.id == created.run),
        ("run.workflow", run.workflow == created.workflow),
        ("run.created_at", run.created_at == first.at),
        ("run.created_by", run.created_by == created.created_by),
        ("run.parent", run.parent == created.parent),
        ("run.status", may_have(run.status, ended(events))),
    ];
    match same.iter().find(|(_, same)| !same) {
        Some((field, _)) => Err(DocumentError::Contradiction(field)),
        None => Ok(()),
    }
}

/// How the run has ended, and was not tried again.
fn ended(events: &[Recorded]) -> Option<RunStatus> {
    let end = events.iter().rev().find_map(|recorded| match &recorded.event {
        Event::RunSucceeded { .. } => Some(Some(RunStatus::Succeeded)),
        Event::RunFailed { .. } => Some(Some(RunStatus::Failed)),
        Event::RunCancelled => Some(Some(RunStatus::Cancelled)),
        Event::RunRetried { .. } => Some(None),
        _ => None,
    });
    end.flatten()
}

/// Whether a journal with that end can be of a run with this status. Which of those of a live run it is depends on its
/// definition too.
fn may_have(status: RunStatus, end: Option<RunStatus>) -> bool {
    match end {
        Some(end) => status == end,
        None => !status.is_terminal(),
    }
}

/// The first field of an event that is not one of its form: what is not understood may mean something.
fn unknown_field(event: &Recorded, line: &str) -> Option<String> {
    // What nobody has touched is the same to the letter.
    if stored_text(event) == line {
        return None;
    }
    let line: Value = serde_json::from_str(line).ok()?;
    extra(&line, &stored_form(event), &mut String::new())
}

/// The place of a value in `whole` that `read` does not have. What is absent is null.
fn extra(whole: &Value, read: &Value, place: &mut String) -> Option<String> {
    let length = place.len();
    let mut inside = |name: &str, whole: &Value, read: Option<&Value>| {
        place.truncate(length);
        place.push('/');
        place.push_str(&name.chars().take(MAX_SHOWN).collect::<String>());
        match read {
            None if whole.is_null() => None,
            None => Some(place.clone()),
            Some(read) => extra(whole, read, place),
        }
    };
    match (whole, read) {
        (Value::Object(whole), Value::Object(read)) => whole
            .iter()
            .find_map(|(name, value)| inside(name, value, read.get(name))),
        (Value::Array(whole), Value::Array(read)) => whole
            .iter()
            .enumerate()
            .find_map(|(index, value)| inside(&index.to_string(), value, read.get(index))),
        _ => None,
    }
}
