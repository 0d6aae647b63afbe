use seawall_store::TenantId;

use super::{AuditChain, AuditRecord, End, Seal};

/// The first thing that is wrong with a chain. What comes behind it cannot be judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Fault {
    /// The record, the one before it or its seal is another than was written.
    #[error("record {0} was changed, put there by somebody else, or sealed under another SECRET_KEY")]
    Changed(u64),
    #[error("record {0} is missing")]
    Missing(u64),
    /// The number does not come after the one before it.
    #[error("record {0} stands where it does not belong")]
    OutOfPlace(u64),
    #[error("the chain ends with record {last}, but {written} were written")]
    CutOff { last: u64, written: u64 },
    /// There are records behind its end, which is an older one.
    #[error("the chain goes on to record {last} behind its end at {end}")]
    BeyondEnd { last: u64, end: u64 },
    #[error("the end that is kept is not this chain's")]
    OtherEnd,
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
        Self::resumed(chain, tenant, 0, Seal::BEGINNING)
    }

    /// Goes on behind a record that was verified before, with that record's seal.
    #[must_use]
    pub const fn resumed(chain: &'a AuditChain, tenant: TenantId, seq: u64, last: Seal) -> Self {
        Self {
            chain,
            tenant,
            last,
            seq,
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

    /// There are no more records. `end`: as it is kept. Answers how many records there are.
    ///
    /// # Errors
    /// When the records end before or behind it, or with another one.
    pub fn finish(self, end: &End) -> Result<u64, Fault> {
        let last = self.seq;
        if last < end.seq {
            return Err(Fault::CutOff { last, written: end.seq });
        }
        if last > end.seq {
            return Err(Fault::BeyondEnd { last, end: end.seq });
        }
        if self.last != end.last {
            return Err(Fault::OtherEnd);
        }
        Ok(last)
    }
}
