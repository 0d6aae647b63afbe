use std::collections::BTreeMap;

use seawall_store::RunId;

use super::finding::{VerifyFinding, VerifyFindingKind};

/// What a check of a store came to.
#[derive(Clone, Debug, Default)]
pub struct VerifyReport {
    pub runs: u64,
    pub events: u64,
    pub approvals: u64,
    /// The first [`VerifyReport::MAX_FINDINGS`].
    pub findings: Vec<VerifyFinding>,
    /// All of them, by kind: how many, and how many of these were repaired.
    pub totals: BTreeMap<VerifyFindingKind, (u64, u64)>,
}

impl VerifyReport {
    /// A broken store can have a finding for each of its millions of rows.
    pub const MAX_FINDINGS: usize = 1000;

    /// Nothing is wrong, or is so any more.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.totals.values().all(|(found, repaired)| found == repaired)
    }

    pub(super) fn add(&mut self, run: Option<RunId>, found: Found, repaired: bool) {
        let Found { kind, detail } = found;
        let total = self.totals.entry(kind).or_default();
        total.0 += 1;
        total.1 += u64::from(repaired);
        if self.findings.len() < Self::MAX_FINDINGS {
            self.findings.push(VerifyFinding {
                kind,
                run,
                detail,
                repaired,
            });
        }
    }
}

/// A finding before it is known whose it is and what becomes of it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) kind: VerifyFindingKind,
    pub(super) detail: String,
}

impl Found {
    pub(super) fn new(kind: VerifyFindingKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}
