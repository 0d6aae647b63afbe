use rusqlite::params;
use seawall_store::{NewAudit, NewUser, StoreError, TenantId, UserChange, UserCreated, UserId, UserRecord};

use super::{audit, end_sessions};
use crate::codec::{int, maybe_millis};
use crate::error::OpError;
use crate::identity_codec::role_code;
use crate::rows::{NumberedUser, tenant_no_or_new, user_by_id};
use crate::writer::{Operation, Tx};

pub(crate) struct CreateUser {
    pub(crate) tenant: TenantId,
    pub(crate) new: NewUser,
    pub(crate) audit: Option<NewAudit>,
}

impl Operation for CreateUser {
    type Answer = UserCreated;

    fn run(&self, tx: &Tx<'_>) -> Result<UserCreated, OpError> {
        let new = &self.new;
        let id = new.id.uuid().into_bytes();
        if tx.statement("SELECT 1 FROM users WHERE id = ?1")?.exists([id])? {
            return Err(StoreError::Exists.into());
        }
        let taken = tx
            .statement("SELECT 1 FROM users WHERE email = ?1")?
            .exists([new.email.as_str()])?;
        if taken {
            return Ok(UserCreated::EmailTaken);
        }
        let tenant_no = tenant_no_or_new(tx.conn(), &self.tenant)?;
        // Creations are rare, and no more entries are counted than there may be.
        let own: u32 = tx
            .statement("SELECT count(*) FROM (SELECT 1 FROM users WHERE tenant_no = ?1 LIMIT ?2)")?
            .query_row(params![tenant_no, new.most], |row| row.get(0))?;
        if own >= new.most {
            return Ok(UserCreated::TooMany { most: new.most });
        }
        tx.statement(include_str!("../../sql/insert_user.sql"))?
            .execute(params![
                id,
                tenant_no,
                new.email.as_str(),
                new.password.as_str(),
                role_code(new.role),
                tx.now().as_millis()
            ])?;
        audit::write(tx, &self.tenant, self.audit.as_ref())?;
        Ok(UserCreated::Created(require(tx, &self.tenant, new.id)?.user.record))
    }

    fn payload(&self) -> usize {
        audit::bytes(self.audit.as_ref())
    }
}

pub(crate) struct UpdateUser {
    pub(crate) tenant: TenantId,
    pub(crate) id: UserId,
    pub(crate) change: UserChange,
    pub(crate) expected: Option<u64>,
    pub(crate) audit: Option<NewAudit>,
}

impl Operation for UpdateUser {
    type Answer = UserRecord;

    fn run(&self, tx: &Tx<'_>) -> Result<UserRecord, OpError> {
        let mut found = expected(tx, &self.tenant, self.id, self.expected)?;
        let change = &self.change;
        let record = &mut found.user.record;
        record.role = change.role.unwrap_or(record.role);
        record.active = change.active.unwrap_or(record.active);
        record.version += 1;
        record.updated_at = tx.now();
        if let Some(password) = &change.password {
            record.attempts = 0;
            record.locked_until = None;
            found.user.password = password.clone();
        }
        write(tx, &found)?;
        if change.must_end_sessions() {
            end_sessions::of_changed(tx, &self.tenant, self.id)?;
        }
        audit::write(tx, &self.tenant, self.audit.as_ref())?;
        Ok(found.user.record)
    }

    fn payload(&self) -> usize {
        audit::bytes(self.audit.as_ref())
    }
}

pub(crate) struct DeleteUser {
    pub(crate) tenant: TenantId,
    pub(crate) id: UserId,
    pub(crate) expected: Option<u64>,
    pub(crate) audit: Option<NewAudit>,
}

impl Operation for DeleteUser {
    type Answer = ();

    fn run(&self, tx: &Tx<'_>) -> Result<(), OpError> {
        let found = expected(tx, &self.tenant, self.id, self.expected)?;
        end_sessions::of_changed(tx, &self.tenant, self.id)?;
        tx.statement("DELETE FROM users WHERE user_no = ?1")?
            .execute([found.user_no])?;
        audit::write(tx, &self.tenant, self.audit.as_ref())
    }

    fn payload(&self) -> usize {
        audit::bytes(self.audit.as_ref())
    }
}

pub(super) fn require(tx: &Tx<'_>, tenant: &TenantId, id: UserId) -> Result<NumberedUser, OpError> {
    user_by_id(tx.conn(), tenant, id)?.ok_or_else(|| StoreError::NotFound.into())
}

/// The user, if it is in the expected version.
fn expected(tx: &Tx<'_>, tenant: &TenantId, id: UserId, version: Option<u64>) -> Result<NumberedUser, OpError> {
    let found = require(tx, tenant, id)?;
    if version.is_some_and(|version| version != found.user.record.version) {
        return Err(StoreError::PreconditionFailed.into());
    }
    Ok(found)
}

pub(super) fn write(tx: &Tx<'_>, found: &NumberedUser) -> rusqlite::Result<()> {
    let record = &found.user.record;
    tx.statement(include_str!("../../sql/update_user.sql"))?
        .execute(params![
            found.user_no,
            found.user.password.as_str(),
            role_code(record.role),
            record.active,
            int(record.version),
            record.updated_at.as_millis(),
            maybe_millis(record.last_login_at),
            record.attempts,
            maybe_millis(record.locked_until),
        ])?;
    Ok(())
}
