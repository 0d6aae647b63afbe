//! Definitions and their versions.

use rusqlite::{OptionalExtension as _, params};
use seawall_store::{Digest, NewWorkflow, StoreError, TenantId, Watchers, WorkflowRecord, WorkflowRef};

use crate::error::OpError;
use crate::latest::LatestWorkflows;
use crate::rows::{Numbered, latest, tenant_no_or_new, workflow, workflow_query};
use crate::writer::{Operation, Tx};

pub(crate) struct CreateWorkflow {
    pub(crate) tenant: TenantId,
    pub(crate) new: NewWorkflow,
    pub(crate) latest: LatestWorkflows,
}

impl Operation for CreateWorkflow {
    type Answer = WorkflowRecord;

    fn run(&self, tx: &Tx<'_>) -> Result<WorkflowRecord, OpError> {
        let named = WorkflowRef::Name(self.new.name.as_ref().to_owned());
        if latest(tx.conn(), &self.tenant, &named)?.is_some() {
            return Err(StoreError::Exists.into());
        }
        let tenant_no = tenant_no_or_new(tx.conn(), &self.tenant)?;
        insert(tx, tenant_no, &self.new, false)
    }

    fn payload(&self) -> usize {
        self.new.source.len()
    }

    fn tell(&self, _answer: &WorkflowRecord, _watchers: &Watchers) {
        self.latest.changed();
    }
}

pub(crate) struct KeepInline {
    pub(crate) tenant: TenantId,
    pub(crate) new: NewWorkflow,
}

impl Operation for KeepInline {
    type Answer = WorkflowRecord;

    fn run(&self, tx: &Tx<'_>) -> Result<WorkflowRecord, OpError> {
        let tenant_no = tenant_no_or_new(tx.conn(), &self.tenant)?;
        let kept = tx
            .statement(workflow_query!(
                "WHERE w.tenant_no = ?1 AND w.inline_digest IS NOT NULL AND w.inline_digest = ?2
                   AND v.version = w.latest"
            ))?
            .query_row(params![tenant_no, self.new.digest.as_bytes()], workflow)
            .optional()?;
        match kept {
            Some(kept) => {
                tx.statement("UPDATE workflows SET used_at = ?2 WHERE workflow_no = ?1")?
                    .execute(params![kept.workflow_no, tx.now().as_millis()])?;
                Ok(kept.record)
            }
            None => insert(tx, tenant_no, &self.new, true),
        }
    }

    fn payload(&self) -> usize {
        self.new.source.len()
    }
}

fn insert(tx: &Tx<'_>, tenant_no: i64, new: &NewWorkflow, inline: bool) -> Result<WorkflowRecord, OpError> {
    let id = new.id.uuid().into_bytes();
    if tx.statement("SELECT 1 FROM workflows WHERE id = ?1")?.exists([id])? {
        return Err(StoreError::Exists.into());
    }
    let now = tx.now();
    let workflow_no = tx
        .statement(
            "INSERT INTO workflows (tenant_no, id, name, inline_digest, deleted, latest, created_at)
             VALUES (?1, ?2, ?3, ?4, 0, 1, ?5)",
        )?
        .insert(params![
            tenant_no,
            id,
            new.name,
            inline.then_some(new.digest.as_bytes()),
            now.as_millis()
        ])?;
    insert_version(tx, workflow_no, 1, new)?;
    Ok(WorkflowRecord {
        id: new.id,
        name: new.name.clone(),
        description: new.description.clone(),
        version: 1,
        source: new.source.clone(),
        digest: new.digest,
        inline,
        created_at: now,
        updated_at: now,
    })
}

fn insert_version(tx: &Tx<'_>, workflow_no: i64, version: u32, new: &NewWorkflow) -> rusqlite::Result<()> {
    tx.statement(
        "INSERT INTO workflow_versions (workflow_no, version, description, source, digest, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        workflow_no,
        version,
        new.description,
        new.source,
        new.digest.as_bytes(),
        tx.now().as_millis()
    ])?;
    Ok(())
}

pub(crate) struct UpdateWorkflow {
    pub(crate) tenant: TenantId,
    pub(crate) target: WorkflowRef,
    pub(crate) new: NewWorkflow,
    pub(crate) expected: Option<Digest>,
    pub(crate) latest: LatestWorkflows,
}

impl Operation for UpdateWorkflow {
    type Answer = WorkflowRecord;

    fn run(&self, tx: &Tx<'_>) -> Result<WorkflowRecord, OpError> {
        let found = changeable(tx, &self.tenant, &self.target, self.expected)?;
        if found.record.digest == self.new.digest {
            return Ok(found.record);
        }
        let version = found.record.version + 1;
        insert_version(tx, found.workflow_no, version, &self.new)?;
        tx.statement("UPDATE workflows SET latest = ?2 WHERE workflow_no = ?1")?
            .execute(params![found.workflow_no, version])?;
        Ok(WorkflowRecord {
            description: self.new.description.clone(),
            version,
            source: self.new.source.clone(),
            digest: self.new.digest,
            updated_at: tx.now(),
            ..found.record
        })
    }

    fn payload(&self) -> usize {
        self.new.source.len()
    }

    fn tell(&self, _answer: &WorkflowRecord, _watchers: &Watchers) {
        self.latest.changed();
    }
}

pub(crate) struct DeleteWorkflow {
    pub(crate) tenant: TenantId,
    pub(crate) target: WorkflowRef,
    pub(crate) expected: Option<Digest>,
    pub(crate) latest: LatestWorkflows,
}

impl Operation for DeleteWorkflow {
    type Answer = ();

    fn run(&self, tx: &Tx<'_>) -> Result<(), OpError> {
        let found = changeable(tx, &self.tenant, &self.target, self.expected)?;
        tx.statement("UPDATE workflows SET deleted = 1, used_at = ?2 WHERE workflow_no = ?1")?
            .execute(params![found.workflow_no, tx.now().as_millis()])?;
        Ok(())
    }

    fn tell(&self, _answer: &(), _watchers: &Watchers) {
        self.latest.changed();
    }
}

/// The latest version of a workflow that may be changed: inline ones may not.
fn changeable(
    tx: &Tx<'_>,
    tenant: &TenantId,
    target: &WorkflowRef,
    expected: Option<Digest>,
) -> Result<Numbered, OpError> {
    let found = latest(tx.conn(), tenant, target)?
        .filter(|found| !found.record.inline)
        .ok_or(StoreError::NotFound)?;
    if expected.is_some_and(|expected| expected != found.record.digest) {
        return Err(StoreError::PreconditionFailed.into());
    }
    Ok(found)
}
