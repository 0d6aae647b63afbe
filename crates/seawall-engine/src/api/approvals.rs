//! Approvals and their decisions.

use std::sync::Arc;
use std::time::Duration;

use seawall_store::{
    ApprovalFilter, ApprovalId, ApprovalRecord, ApprovalStatus, MessageKey, NewMessage, Page, PageOf, StatusSet,
    StoreError, Turn,
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
    /// decision is durable and will be taken when the run's holder gets to it.
    ///
    /// # Errors
    /// `Conflict` when somebody, or the timeout, was first.
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
            key: MessageKey(format!("decide-{id}")),
            allowed: StatusSet::live(),
            body: encode_message(&message),
            turn: Turn::Keep,
        };
        let mut watch = self.watch(record.run);
        let sent = self.shared().store.decide_approval(&by.tenant, id, message).await;
        sent.map_err(|error| match error {
            StoreError::ApprovalSettled => somebody_was_first(&record),
            error => refused(APPROVAL)(error),
        })?;
        let settled = async {
            loop {
                let record = self.approval(by, id).await?;
                if record.status != ApprovalStatus::Pending {
                    return Ok(record);
                }
                watch.progressed().await;
            }
        };
        let record = match tokio::time::timeout(TAKEN_WITHIN, settled).await {
            Ok(record) => record?,
            Err(_) => self.approval(by, id).await?,
        };
        let mine = match record.status {
            ApprovalStatus::Pending => true,
            ApprovalStatus::Approved => approve && decided_by(&record, by),
            ApprovalStatus::Rejected => !approve && decided_by(&record, by),
            ApprovalStatus::Expired | ApprovalStatus::Cancelled => false,
        };
        if mine {
            Ok(record)
        } else {
            Err(somebody_was_first(&record))
        }
    }
}

fn decided_by(record: &ApprovalRecord, by: &Principal) -> bool {
    record.decided_by.as_deref() == Some(&*by.subject)
}

fn somebody_was_first(record: &ApprovalRecord) -> EngineError {
    let detail = match record.status {
        ApprovalStatus::Pending => "a decision for this approval was accepted already".to_owned(),
        status => format!("the approval is {} already", status.as_str()),
    };
    EngineError::Conflict { status: None, detail }
}
