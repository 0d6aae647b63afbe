use std::time::Duration;

use seawall_store::{
    LoginAttempt, LoginUser, NewSession, NewToken, RequestId, Revoked, Rotation, SessionBegun, SessionId,
    SessionRecord, StoreError, StoreResult, TenantId, UserId, UserRecord,
};
use serde_json::json;
use tokio::time::Instant;

use super::convert::{password_of, role_of, store_email, store_hash};
use super::trail::Deed;
use super::{AccountError, Accounts, Actor};
use crate::identity::password::{Checked, Password};
use crate::identity::refresh::{REFRESH_LIFETIME, SESSION_LIFETIME};
use crate::identity::token::AccessToken;
use crate::identity::{Email, Principal, RefreshToken};

/// The logins that one user may have; the oldest give way.
const MOST_LOGINS: u32 = 16;

/// A refused login is answered when this is over, counted from when it came, or a multiple of it. It is longer than the work
/// takes, and under load the waiting for others is coarser than the work: what was done, and for whom, does not show in the
/// time.
const REFUSED_AFTER: Duration = Duration::from_millis(250);

/// How often a rotation is asked for whose outcome the store does not know. It takes the same call for the same.
const ROTATIONS: u32 = 3;

/// What a login is gone on with.
pub(crate) struct TokenPair {
    pub(crate) access: AccessToken,
    pub(crate) refresh: RefreshToken,
}

impl Accounts {
    /// A login with a password. Whether there is such a user, whether the account is locked or inactive: the answer, and the
    /// work for it, are the same.
    ///
    /// # Errors
    /// `WrongLogin` for everything that is wrong with it.
    pub(crate) async fn login(
        &self,
        email: &Email,
        password: Password,
        request: Option<RequestId>,
    ) -> Result<TokenPair, AccountError> {
        let began = Instant::now();
        let found = self.checked_login(email, password, request.as_ref()).await?;
        let begun = match found {
            Some(user) => self.begin_session(user, request.as_ref()).await?,
            None => None,
        };
        if begun.is_none() {
            tokio::time::sleep_until(began + refused_after(began.elapsed())).await;
        }
        begun.ok_or(AccountError::WrongLogin)
    }

    /// The user, if the password is theirs and they may log in.
    async fn checked_login(
        &self,
        email: &Email,
        password: Password,
        request: Option<&RequestId>,
    ) -> Result<Option<LoginUser>, AccountError> {
        let known = self.store.user_for_login(&store_email(email)).await?;
        // Before the password is looked at: guesses side by side are counted before the first one is answered. For nobody
        // the store is asked as well, about nobody.
        let (tenant, id) = known.as_ref().map_or_else(
            || (TenantId::default(), UserId::generate()),
            |user| (user.tenant.clone(), user.record.id),
        );
        let attempt = match self.store.begin_login(&tenant, id, Self::LOCKS).await {
            Ok(attempt) => Some(attempt),
            Err(StoreError::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        let hash = known.as_ref().and_then(|user| password_of(&user.password));
        let right = matches!(self.passwords.check(password, hash).await?, Checked::Right { .. });
        let (Some(user), Some(LoginAttempt::Admitted { attempts })) = (known, attempt) else {
            return Ok(None);
        };
        if right && user.record.active {
            return Ok(Some(user));
        }
        let reason = if right { "inactive" } else { "password" };
        let locks = Self::LOCKS.lock_after(attempts).is_some();
        let deed = Deed::denied("login", &id).with(json!({"reason": reason, "attempts": attempts, "locks": locks}));
        self.append(&tenant, self.trail.anonymous(request, deed)).await;
        Ok(None)
    }

    async fn begin_session(
        &self,
        user: LoginUser,
        request: Option<&RequestId>,
    ) -> Result<Option<TokenPair>, AccountError> {
        let LoginUser { tenant, record, .. } = user;
        let (session, refresh) = (SessionId::generate(), RefreshToken::generate());
        let deed = Deed::done("login", &session);
        let audit = self.trail.new_audit(&record.id.to_string(), request.cloned(), deed);
        let new = NewSession {
            id: session,
            user: record.id,
            version: record.version,
            token: new_token(&refresh),
            lives: SESSION_LIFETIME,
            most: MOST_LOGINS,
        };
        match self.store.begin_session(&tenant, new, Some(audit)).await? {
            SessionBegun::Begun { session, user, ended } => {
                for gone in ended {
                    self.ended(Revoked::Session(gone));
                }
                self.pair(tenant, &session, &user, refresh).map(Some)
            }
            SessionBegun::Refused => Ok(None),
        }
    }

    /// Goes on with a login: the token is spent, another one takes its place. A spent one that comes again ends the login,
    /// whoever sent it.
    ///
    /// # Errors
    /// `WrongToken` for everything that is wrong with it.
    pub(crate) async fn refresh(&self, presented: &str, request: Option<RequestId>) -> Result<TokenPair, AccountError> {
        let presented: RefreshToken = presented.parse().map_err(|_| AccountError::WrongToken)?;
        let next = RefreshToken::generate();
        match self.rotate(&presented, &next).await? {
            Rotation::Rotated { tenant, session, user } if user.active => self.pair(tenant, &session, &user, next),
            Rotation::Reused { tenant, session } => {
                self.ended(Revoked::Session(session.id));
                let deed = Deed::denied("session.reused", &session.id).with(json!({"user": session.user.to_string()}));
                let audit = self.trail.anonymous(request.as_ref(), deed);
                self.append(&tenant, audit).await;
                Err(AccountError::WrongToken)
            }
            Rotation::Rotated { .. } | Rotation::Unknown | Rotation::Expired | Rotation::Revoked => {
                Err(AccountError::WrongToken)
            }
        }
    }

    async fn rotate(&self, presented: &RefreshToken, next: &RefreshToken) -> StoreResult<Rotation> {
        let presented = store_hash(presented.hash());
        let mut tries = 1;
        loop {
            match self.store.rotate_token(presented, new_token(next)).await {
                Err(StoreError::Ambiguous { .. }) if tries < ROTATIONS => tries += 1,
                outcome => return outcome,
            }
        }
    }

    /// Ends the login that the actor's token came from.
    ///
    /// # Errors
    /// `NoLogin` for who has none: a key is revoked instead.
    pub(crate) async fn logout(&self, actor: &Actor) -> Result<(), AccountError> {
        let session = actor.principal.session.as_deref();
        let session: SessionId = session
            .and_then(|session| session.parse().ok())
            .ok_or(AccountError::NoLogin)?;
        let audit = self.trail.record(actor, Deed::done("logout", &session));
        match self
            .store
            .revoke_session(&actor.principal.tenant, session, Some(audit))
            .await
        {
            // Over and forgotten: it has ended.
            Ok(_) | Err(StoreError::NotFound) => {
                self.ended(Revoked::Session(session));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn pair(
        &self,
        tenant: TenantId,
        session: &SessionRecord,
        user: &UserRecord,
        refresh: RefreshToken,
    ) -> Result<TokenPair, AccountError> {
        let principal = Principal::user(tenant, &user.id.to_string(), role_of(user.role).scopes())
            .with_session(&session.id.to_string());
        let access = self.tokens.issue(&principal, self.clock.now())?;
        Ok(TokenPair { access, refresh })
    }
}

/// When a refused login is answered whose work took so long.
pub(super) fn refused_after(worked: Duration) -> Duration {
    let begun = worked.as_nanos() / REFUSED_AFTER.as_nanos() + 1;
    REFUSED_AFTER.saturating_mul(u32::try_from(begun).unwrap_or(u32::MAX))
}

fn new_token(token: &RefreshToken) -> NewToken {
    NewToken {
        hash: store_hash(token.hash()),
        lives: REFRESH_LIFETIME,
    }
}
