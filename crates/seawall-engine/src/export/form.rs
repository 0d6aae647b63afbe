//! How a document looks on disk.

use std::borrow::Cow;

use seawall_store::{ParentLink, RunId, RunStatus, Timestamp, WorkflowVersion};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::export::{DocumentError, DocumentRun};

/// What every version has: enough to say that a document is not for this program.
#[derive(Deserialize)]
pub(super) struct HeadForm {
    pub(super) format: Option<Value>,
    pub(super) version: Option<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct DocumentForm<'a> {
    #[serde(borrow)]
    pub(super) format: Cow<'a, str>,
    pub(super) version: u64,
    #[serde(borrow)]
    pub(super) exported_at: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) exported_by_version: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) run: RunForm<'a>,
    /// The runs that it started.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub(super) children: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) definition: &'a RawValue,
    #[serde(borrow)]
    pub(super) journal: Vec<&'a RawValue>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct RunForm<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    workflow: WorkflowForm<'a>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    /// How many: a document from which some were cut off says so itself.
    pub(super) events: u64,
    #[serde(borrow)]
    created_at: Cow<'a, str>,
    #[serde(borrow)]
    created_by: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    parent: Option<ParentForm<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct WorkflowForm<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct ParentForm<'a> {
    #[serde(borrow)]
    run: Cow<'a, str>,
    #[serde(borrow)]
    step: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    item: Option<u32>,
    generation: u32,
}

impl<'a> RunForm<'a> {
    pub(super) fn new(run: &'a DocumentRun, events: u64) -> Self {
        Self {
            id: run.id.to_string().into(),
            workflow: WorkflowForm {
                id: run.workflow.id.to_string().into(),
                name: Cow::Borrowed(&run.workflow.name),
                version: run.workflow.version,
            },
            status: Cow::Borrowed(run.status.as_str()),
            events,
            created_at: instant(run.created_at).into(),
            created_by: Cow::Borrowed(&run.created_by),
            parent: run.parent.as_ref().map(|parent| ParentForm {
                run: parent.run.to_string().into(),
                step: Cow::Borrowed(&parent.step),
                item: parent.item,
                generation: parent.generation,
            }),
        }
    }

    pub(super) fn read(&self) -> Result<DocumentRun, DocumentError> {
        let parent = self.parent.as_ref().map(|parent| {
            Ok(ParentLink {
                run: run_id(&parent.run, "run.parent.run")?,
                step: parent.step.clone().into_owned(),
                item: parent.item,
                generation: parent.generation,
            })
        });
        Ok(DocumentRun {
            id: run_id(&self.id, "run.id")?,
            workflow: WorkflowVersion {
                id: (self.workflow.id.parse()).map_err(|_| DocumentError::Field("run.workflow.id"))?,
                name: self.workflow.name.as_ref().into(),
                version: self.workflow.version,
            },
            status: RunStatus::parse(&self.status).ok_or(DocumentError::Field("run.status"))?,
            created_at: from_instant(&self.created_at).ok_or(DocumentError::Field("run.created_at"))?,
            created_by: self.created_by.as_ref().into(),
            parent: parent.transpose()?,
        })
    }
}

pub(super) fn run_id(text: &str, field: &'static str) -> Result<RunId, DocumentError> {
    text.parse().map_err(|_| DocumentError::Field(field))
}

/// RFC 3339, to the millisecond.
pub(super) fn instant(at: Timestamp) -> String {
    // Beyond the year 9999 there is no such text; the nearest end of the range stands for it.
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::MAX);
    format!("{at:.3}")
}

pub(super) fn from_instant(text: &str) -> Option<Timestamp> {
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}
