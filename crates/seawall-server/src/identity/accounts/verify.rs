use seawall_store::{AuditHead, AuditRecord, StoreResult, TenantId};

use super::convert::{audit_record, end_of, seal_of};
use super::{Accounts, Actor};
use crate::identity::audit::{Fault, Seal, Verifier};

/// Records that one request looks at: some seconds of work at most.
pub(crate) const RECORDS_AT_ONCE: u64 = 50_000;

/// Behind which record to begin. Its seal is the caller's word for all that is before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct VerifyFrom {
    pub(crate) seq: u64,
    pub(crate) seal: Seal,
}

impl VerifyFrom {
    /// Everything.
    pub(crate) const BEGINNING: Self = Self {
        seq: 0,
        seal: Seal::BEGINNING,
    };
}

/// What looking at a chain came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Verification {
    /// The last record that is as it was written, and its seal.
    pub(crate) upto: VerifyFrom,
    /// The first thing that is wrong.
    pub(crate) fault: Option<Fault>,
    /// There are more records: go on from `upto`.
    pub(crate) more: bool,
}

impl Accounts {
    /// Holds the chain of the actor's tenant against its seals, from one record on, up to where it ended when this began,
    /// and not more than `most` records.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub(crate) async fn verify_audit(&self, actor: &Actor, from: VerifyFrom, most: u64) -> StoreResult<Verification> {
        let tenant = &actor.principal.tenant;
        // Before the records: what is appended meanwhile is not missed, and not taken for a forgery.
        let head = self.store.audit_head(tenant).await?;
        if from.seq > head.seq {
            let fault = Fault::CutOff {
                last: head.seq,
                written: from.seq,
            };
            return Ok(found(from, Some(fault)));
        }
        let mut verifier = Verifier::resumed(&self.trail.chain, tenant.clone(), from.seq, from.seal);
        let end = head.seq.min(from.seq.saturating_add(most));
        let mut upto = from;
        while upto.seq < end {
            let room = u32::try_from(end - upto.seq)
                .unwrap_or(u32::MAX)
                .min(AuditRecord::MAX_READ);
            let records = self.store.audit_after(tenant, upto.seq, room).await?;
            if records.is_empty() {
                break;
            }
            for record in &records {
                let seal = seal_of(&record.mac);
                if let Err(fault) = verifier.push(&audit_record(tenant, &record.body), &seal) {
                    return Ok(found(upto, Some(fault)));
                }
                upto = VerifyFrom {
                    seq: record.body.seq,
                    seal,
                };
            }
        }
        if upto.seq == end && end < head.seq {
            return Ok(Verification {
                upto,
                fault: None,
                more: true,
            });
        }
        if let Err(fault) = verifier.finish(&end_of(&head)) {
            return Ok(found(upto, Some(fault)));
        }
        Ok(found(upto, self.beyond(tenant, &head).await?))
    }

    /// Records behind an end that does not know of them.
    async fn beyond(&self, tenant: &TenantId, head: &AuditHead) -> StoreResult<Option<Fault>> {
        let next = self.store.audit_after(tenant, head.seq, 1).await?;
        let Some(next) = next.first() else {
            return Ok(None);
        };
        // It may have been appended after the head was read: then the head has gone on as well.
        let now = self.store.audit_head(tenant).await?;
        Ok((now.seq <= head.seq).then_some(Fault::BeyondEnd {
            last: next.body.seq,
            end: head.seq,
        }))
    }
}

const fn found(upto: VerifyFrom, fault: Option<Fault>) -> Verification {
    Verification {
        upto,
        fault,
        more: false,
    }
}
