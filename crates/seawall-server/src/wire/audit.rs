use seawall_guard::problem::Problem;
use seawall_store::{AuditAction, AuditFilter, AuditRecord, Digest, PrincipalName};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Time;
use super::faults::Faults;
use crate::identity::accounts::{Verification, VerifyFrom};
use crate::identity::audit::{Fault, Seal};

/// Which records of the audit trail.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Of this principal: `usr_…`, `key_…`, `service:NAME`, `oidc:SUBJECT`, or `anonymous`.
    actor: Option<String>,
    /// Such as `key.created`.
    action: Option<String>,
    /// At this time or later (RFC 3339).
    since: Option<String>,
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
}

impl AuditQuery {
    /// # Errors
    /// Everything that is wrong with what it asks for.
    pub(crate) fn filter(&self) -> Result<AuditFilter, Problem> {
        let mut faults = Faults::default();
        let actor = self.actor.as_deref();
        let actor = actor.map(|text| faults.of("actor", "invalid-value", PrincipalName::parse(text)));
        let action = self.action.as_deref();
        let action = action.map(|text| faults.of("action", "invalid-value", AuditAction::parse(text)));
        let since = self.since.as_deref().map(|text| {
            let time = text.parse::<Time>();
            let time = time.map_err(|_| "expected a time such as 2026-01-02T03:04:05Z");
            faults.of("since", "invalid-value", time)
        });
        faults.none()?;
        Ok(AuditFilter {
            actor: actor.flatten(),
            action: action.flatten(),
            since: since.flatten().map(|time| time.0),
        })
    }
}

/// Something that was done, or tried, that touches security.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    /// Its place in the tenant's chain, from 1 on without a gap.
    seq: u64,
    #[schema(value_type = String)]
    at: Time,
    /// Who: `anonymous` where nobody had said who they are.
    actor: String,
    #[schema(example = "key.created")]
    action: String,
    /// The id of what it was done to.
    object: Option<String>,
    /// succeeded, denied or failed.
    outcome: &'static str,
    request_id: Option<String>,
    #[schema(value_type = Object)]
    details: Value,
}

impl From<AuditRecord> for AuditEntry {
    fn from(record: AuditRecord) -> Self {
        let (body, entry) = (record.body.clone(), record.body.entry);
        Self {
            seq: body.seq,
            at: Time(body.at),
            actor: entry.actor.as_str().to_owned(),
            action: entry.action.as_str().to_owned(),
            object: entry.object.map(|object| object.as_str().to_owned()),
            outcome: entry.outcome.as_str(),
            request_id: entry.request.map(|id| id.as_str().to_owned()),
            // Opaque to the store; somebody else may have written it.
            details: serde_json::from_str(entry.details.as_str()).unwrap_or_default(),
        }
    }
}

/// From where on the chain is looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VerifyQuery {
    /// Only records after this one, which was verified before. Its `seal` belongs to it.
    after: Option<u64>,
    /// The seal of the record `after`: 64 hexadecimal digits.
    seal: Option<String>,
}

impl VerifyQuery {
    /// # Errors
    /// When one of both is missing or is none.
    pub(crate) fn begin(&self) -> Result<VerifyFrom, Problem> {
        let (after, seal) = match (self.after, &self.seal) {
            (None | Some(0), None) => return Ok(VerifyFrom::BEGINNING),
            (after, seal) => (after, seal.as_deref()),
        };
        let mut faults = Faults::default();
        let after = after.ok_or("belongs to the seal");
        let after = faults.of("after", "required", after);
        let seal = seal
            .and_then(Digest::from_hex)
            .ok_or("expected the seal of an earlier answer");
        let seal = faults.of("seal", "invalid-value", seal);
        match (after, seal) {
            (Some(seq), Some(seal)) => Ok(VerifyFrom {
                seq,
                seal: Seal::from_bytes(*seal.as_bytes()),
            }),
            _ => Err(faults.problem()),
        }
    }
}

/// The first thing that is wrong with a chain. What comes behind it cannot be judged.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditFault {
    /// changed, missing, out_of_place, cut_off, beyond_end or other_end.
    code: &'static str,
    /// The record that it is about.
    seq: Option<u64>,
    message: String,
}

impl From<Fault> for AuditFault {
    fn from(fault: Fault) -> Self {
        let (code, seq) = match fault {
            Fault::Changed(seq) => ("changed", Some(seq)),
            Fault::Missing(seq) => ("missing", Some(seq)),
            Fault::OutOfPlace(seq) => ("out_of_place", Some(seq)),
            Fault::CutOff { last, .. } => ("cut_off", Some(last + 1)),
            Fault::BeyondEnd { last, .. } => ("beyond_end", Some(last)),
            Fault::OtherEnd => ("other_end", None),
        };
        Self {
            code,
            seq,
            message: fault.to_string(),
        }
    }
}

/// What holding the audit trail against its seals came to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditVerification {
    /// Nothing is wrong as far as was looked.
    valid: bool,
    /// The first thing that is wrong.
    fault: Option<AuditFault>,
    /// The last record that is as it was written; 0 of an empty chain.
    verified: u64,
    /// The seal of that record. Kept elsewhere and sent as `seal` with `after`, it finds also that the whole store was set back.
    seal: String,
    /// There are more records: ask again with `after` and `seal`.
    more: bool,
}

impl From<Verification> for AuditVerification {
    fn from(found: Verification) -> Self {
        Self {
            valid: found.fault.is_none(),
            fault: found.fault.map(AuditFault::from),
            verified: found.upto.seq,
            seal: Digest::from_bytes(*found.upto.seal.as_bytes()).to_hex(),
            more: found.more,
        }
    }
}
