//! Approvals and their decisions.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{
    ApprovalFilter, ApprovalId, ApprovalRecord, ApprovalStatus, MessageKey, NewMessage, Page, PageOf, RunWatch, Sent,
    StatusSet, StoreError, Turn,
};

use crate::api::controls::invalid;
use crate::api::engine::{Result, refused};
use crate::api::{Engine, EngineError, Principal};
use crate::core::Message;
use crate::journal::encode_message;

const APPROVAL: &str = "approval";
/// How long a decision waits for the run to take it.
const TAKEN_WITHIN: Duration = Duration::from_secs(5);
const MAX_COMMENT: usize = 4096;

impl Engine {
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn approval(&self, by: &Principal, id: ApprovalId) -> Result<ApprovalRecord> {
        let found = self.shared().store.approval(&by.tenant, id).await;
        found.map_err(refused(APPROVAL))?.ok_or(EngineError::NotFound(APPROVAL))
    }

    /// # Errors
    /// `Store`.
    pub async fn list_approvals(
        &self,
        by: &Principal,
        filter: ApprovalFilter,
        page: Page,
    ) -> Result<PageOf<ApprovalRecord>> {
        let listed = self.shared().store.list_approvals(&by.tenant, filter, page).await;
        listed.map_err(refused(APPROVAL))
    }

    /// Decides, and waits (a few seconds at most) until the run has settled the approval. `Ok` with a pending record: the
    /// decision is durable and will be taken when the run's holder gets to it. The same decision once more is accepted,
    /// whoever says it, and changes nothing: the record shows the first one.
    ///
    /// # Errors
    /// `Conflict` when somebody has decided otherwise, or the timeout was first.
    pub async fn decide(
        &self,
        by: &Principal,
        id: ApprovalId,
        approve: bool,
        comment: Option<String>,
    ) -> Result<ApprovalRecord> {
        if comment.as_ref().is_some_and(|comment| comment.len() > MAX_COMMENT) {
            return Err(invalid("/comment", "too-long", "is longer than 4096 bytes"));
        }
        let record = self.approval(by, id).await?;
        let message = Message::Decide {
            approval: id,
            approve,
            comment,
            by: Arc::clone(&by.subject),
        };
        let message = NewMessage {
            key: decision_key(id, approve),
            allowed: StatusSet::live(),
            body: encode_message(&message),
            turn: Turn::Keep,
        };
        let watch = self.watch(record.run);
        let sent = self.shared().store.decide_approval(&by.tenant, id, message).await;
        let first = match sent {
            Ok(_) => true,
            Err(StoreError::ApprovalSettled) => false,
            Err(error) => return Err(refused(APPROVAL)(error)),
        };
        let record = self.settled(by, id, watch).await?;
        let same = match record.status {
            ApprovalStatus::Pending => first || self.was_decided(by, &record, approve).await?,
            ApprovalStatus::Approved => approve,
            ApprovalStatus::Rejected => !approve,
            ApprovalStatus::Expired | ApprovalStatus::Cancelled => false,
        };
        if same {
            Ok(record)
        } else {
            Err(somebody_was_first(&record))
        }
    }

    /// The approval once the run has taken a decision, or as it stands after a few seconds.
    async fn settled(&self, by: &Principal, id: ApprovalId, mut watch: RunWatch) -> Result<ApprovalRecord> {
        let settled = async {
            loop {
                let record = self.approval(by, id).await?;
                if record.status != ApprovalStatus::Pending {
                    return Ok(record);
                }
                watch.progressed().await;
            }
        };
        match tokio::time::timeout(TAKEN_WITHIN, settled).await {
            Ok(record) => record,
            Err(_) => self.approval(by, id).await,
        }
    }

    /// Whether this decision is what waits in the run's inbox. Asked with a message that no status allows: it is known there,
    /// or refused.
    async fn was_decided(&self, by: &Principal, record: &ApprovalRecord, approve: bool) -> Result<bool> {
        let question = NewMessage {
            key: decision_key(record.id, approve),
            allowed: StatusSet::of(&[]),
            body: Arc::from(Vec::new()),
            turn: Turn::Keep,
        };
        match self.shared().store.send(&by.tenant, record.run, question).await {
            Ok(Sent::Accepted | Sent::Duplicate | Sent::Differs) => Ok(true),
            Err(StoreError::RunIs(_)) => Ok(false),
            Err(error) => Err(refused(APPROVAL)(error)),
        }
    }
}

fn decision_key(id: ApprovalId, approve: bool) -> MessageKey {
    let decision = if approve { "approve" } else { "reject" };
    MessageKey(format!("decide-{id}-{decision}"))
}

fn somebody_was_first(record: &ApprovalRecord) -> EngineError {
    let who = record
        .decided_by
        .as_ref()
        .map(|by| format!(" by {by}"))
        .unwrap_or_default();
    let detail = match record.status {
        ApprovalStatus::Pending => {
            "the other decision was accepted already, and the run has not taken it yet".to_owned()
        }
        status => format!("the approval is {} already{who}", status.as_str()),
    };
    EngineError::Conflict { status: None, detail }
}
