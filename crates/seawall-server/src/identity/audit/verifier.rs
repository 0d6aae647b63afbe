use seawall_store::TenantId;

use super::{AuditChain, AuditRecord, Head, Seal};

/// The first thing that is wrong with a chain. What comes behind it cannot be judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// The record, the one before it or its seal is another than was written.
    #[error("record {0} was changed, or put there by somebody else")]
    Changed(u64),
    #[error("record {0} is missing")]
    Missing(u64),
    /// The number does not come after the one before it.
    #[error("record {0} stands where it does not belong")]
    OutOfPlace(u64),
    #[error("the chain ends with record {last}, but {head} were written")]
    CutOff { last: u64, head: u64 },
    /// There are records behind the one that the head names: it is an older one.
    #[error("the chain goes on to record {last} behind its head at {head}")]
    BeyondHead { last: u64, head: u64 },
    #[error("the head was changed, or is another chain's")]
    HeadChanged,
    #[error("the chain has records and no head")]
    NoHead,
}

/// Takes a tenant's records in their order, one by one: it keeps nothing but the last seal, however long the chain.
#[derive(Debug)]
pub struct Verifier<'a> {
    chain: &'a AuditChain,
    tenant: TenantId,
    last: Seal,
    seq: u64,
}

impl<'a> Verifier<'a> {
    #[must_use]
    pub fn new(chain: &'a AuditChain, tenant: TenantId) -> Self {
        Self {
            last: chain.beginning(&tenant),
            chain,
            tenant,
            seq: 0,
        }
    }

    /// # Errors
    /// When this record is not the one that was written here.
    pub fn push(&mut self, record: &AuditRecord, seal: &Seal) -> Result<(), Fault> {
        let expected = self.seq + 1;
        if record.seq > expected {
            return Err(Fault::Missing(expected));
        }
        if record.seq < expected {
            return Err(Fault::OutOfPlace(record.seq));
        }
        if record.tenant != self.tenant || self.chain.seal(record, &self.last) != *seal {
            return Err(Fault::Changed(record.seq));
        }
        self.seq = expected;
        self.last = *seal;
        Ok(())
    }

    /// The end of the records. `head`: as it is kept, or as an operator noted it down; None where there is none, as before a
    /// tenant's first record. Answers how many records there are.
    ///
    /// # Errors
    /// When records are missing at the end, or the head is not this chain's.
    pub fn finish(self, head: Option<&Head>) -> Result<u64, Fault> {
        let Some(head) = head else {
            return if self.seq == 0 { Ok(0) } else { Err(Fault::NoHead) };
        };
        if self.chain.head(&self.tenant, head.seq, head.last) != *head {
            return Err(Fault::HeadChanged);
        }
        let last = self.seq;
        if last < head.seq {
            return Err(Fault::CutOff { last, head: head.seq });
        }
        if last > head.seq {
            return Err(Fault::BeyondHead { last, head: head.seq });
        }
        if head.last != self.last {
            return Err(Fault::HeadChanged);
        }
        Ok(self.seq)
    }
}
