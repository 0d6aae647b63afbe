use rusqlite::{OptionalExtension as _, Row, params};
use seawall_store::{ClaimId, Digest, Finish, RequestClaim, RequestState, TenantId, Timestamp};

use crate::codec::{digest_at, time_at, uuid_at};
use crate::error::OpError;
use crate::identity_codec::{finish_at, headers};
use crate::rows::tenant_no_or_new;
use crate::writer::{Operation, Tx};

/// A request whose key counts.
struct Request {
    request_no: i64,
    fingerprint: Digest,
    claim: ClaimId,
    leased_until: Timestamp,
    finish: Option<Finish>,
}

fn request(row: &Row<'_>) -> rusqlite::Result<Request> {
    Ok(Request {
        request_no: row.get(0)?,
        fingerprint: digest_at(row, 1)?,
        claim: uuid_at(row, 2).map(ClaimId)?,
        leased_until: time_at(row, 3)?,
        finish: finish_at(row, 4)?,
    })
}

fn find(tx: &Tx<'_>, tenant: &TenantId, key: Digest) -> rusqlite::Result<Option<Request>> {
    tx.statement(
        "SELECT request_no, fingerprint, claim, leased_until, stage, status, headers, body FROM requests
         WHERE tenant_no = (SELECT tenant_no FROM tenants WHERE name = ?1) AND key = ?2 AND expires_at > ?3",
    )?
    .query_row(params![tenant.as_str(), key.as_bytes(), tx.now().as_millis()], request)
    .optional()
}

pub(crate) struct BeginRequest {
    pub(crate) tenant: TenantId,
    pub(crate) claim: RequestClaim,
}

impl Operation for BeginRequest {
    type Answer = RequestState;

    fn run(&self, tx: &Tx<'_>) -> Result<RequestState, OpError> {
        let claim = &self.claim;
        let leased_until = tx.now().saturating_add(claim.lease).as_millis();
        let Some(known) = find(tx, &self.tenant, claim.key)? else {
            // One whose time is over gives its place.
            tx.statement(
                "INSERT OR REPLACE INTO requests
                     (tenant_no, key, fingerprint, claim, leased_until, expires_at, stage)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
            )?
            .execute(params![
                tenant_no_or_new(tx.conn(), &self.tenant)?,
                claim.key.as_bytes(),
                claim.fingerprint.as_bytes(),
                claim.claim.0.as_bytes(),
                leased_until,
                tx.now().saturating_add(claim.ttl).as_millis()
            ])?;
            return Ok(RequestState::Started);
        };
        if known.fingerprint != claim.fingerprint {
            return Ok(RequestState::Differs);
        }
        match known.finish {
            Some(Finish::Answer(answer)) => return Ok(RequestState::Replay(answer)),
            Some(Finish::Withheld) => return Ok(RequestState::ReplayForbidden),
            None if known.claim == claim.claim => return Ok(RequestState::Started),
            None if tx.now() < known.leased_until => return Ok(RequestState::InUse),
            None => {}
        }
        tx.statement("UPDATE requests SET claim = ?2, leased_until = ?3 WHERE request_no = ?1")?
            .execute(params![known.request_no, claim.claim.0.as_bytes(), leased_until])?;
        Ok(RequestState::Started)
    }
}

pub(crate) struct FinishRequest {
    pub(crate) tenant: TenantId,
    pub(crate) key: Digest,
    pub(crate) claim: ClaimId,
    pub(crate) finish: Finish,
}

impl Operation for FinishRequest {
    type Answer = bool;

    fn run(&self, tx: &Tx<'_>) -> Result<bool, OpError> {
        let known = find(tx, &self.tenant, self.key)?;
        let Some(known) = known.filter(|known| known.claim == self.claim) else {
            return Ok(false);
        };
        if known.finish.is_some() {
            return Ok(true);
        }
        match &self.finish {
            Finish::Answer(answer) => tx
                .statement("UPDATE requests SET stage = 1, status = ?2, headers = ?3, body = ?4 WHERE request_no = ?1")?
                .execute(params![
                    known.request_no,
                    answer.status(),
                    headers(answer),
                    answer.body()
                ])?,
            Finish::Withheld => tx
                .statement("UPDATE requests SET stage = 2 WHERE request_no = ?1")?
                .execute([known.request_no])?,
        };
        Ok(true)
    }

    fn payload(&self) -> usize {
        match &self.finish {
            Finish::Answer(answer) => answer.body().len(),
            Finish::Withheld => 0,
        }
    }
}

pub(crate) struct ReleaseRequest {
    pub(crate) tenant: TenantId,
    pub(crate) key: Digest,
    pub(crate) claim: ClaimId,
}

impl Operation for ReleaseRequest {
    type Answer = bool;

    fn run(&self, tx: &Tx<'_>) -> Result<bool, OpError> {
        let known = find(tx, &self.tenant, self.key)?;
        let open = known.filter(|known| known.claim == self.claim && known.finish.is_none());
        let Some(open) = open else { return Ok(false) };
        tx.statement("DELETE FROM requests WHERE request_no = ?1")?
            .execute([open.request_no])?;
        Ok(true)
    }
}
