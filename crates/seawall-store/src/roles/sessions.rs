use futures_util::future::BoxFuture;

use crate::error::StoreResult;
use crate::ids::{SessionId, TenantId, UserId};
use crate::records::{
    NewAudit, NewSession, NewToken, Rotation, SecretHash, SessionBegun, SessionRecord, SessionRevoked,
};

/// Families of refresh tokens. Of a family one token counts at a time; presenting it spends it and brings in the next.
///
/// There is no grace for a token that is presented again: whether its owner repeats a request whose answer was lost, or a
/// thief came first, nobody can tell, and a window of a few seconds would be the thief's as well. The owner logs in anew.
///
/// Every end of a session that counted is told to other nodes (`RevocationStore::revocations`) in the same change. An `audit`
/// record is written with the change it is about, and only if there is one.
pub trait SessionStore: Send + Sync + 'static {
    /// A login: one change in which the user is active and unchanged, attempts and lock are forgotten, the login is noted, the
    /// session is there, and the oldest of the user's that count give way so that there are no more than `new.most`.
    ///
    /// # Errors
    /// `Exists` when the session's id or the token's hash is taken. `Busy` when the write queue is full.
    fn begin_session<'a>(
        &'a self,
        tenant: &'a TenantId,
        new: NewSession,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<SessionBegun>>;

    /// Spends the presented token and brings in `next`, at once; or ends the family of one that was spent. Of calls with one
    /// token one spends it, whichever comes first. Looked at in this order: ended, expired session, spent, expired token.
    /// The same call with the same `next`, as long as that one is unspent, is a repetition and answers as the first did:
    /// only who made the call knows both.
    ///
    /// Takes no tenant: whoever presents a token says nothing else, and it is the token that says of which tenant that is.
    /// Carries no audit record, for the same reason; the session says for good that it ended and why.
    ///
    /// # Errors
    /// `Exists` when the hash of `next` is taken. `Busy`.
    fn rotate_token(&self, presented: SecretHash, next: NewToken) -> BoxFuture<'_, StoreResult<Rotation>>;

    /// Ended and expired ones are given until they are forgotten. A token of a session that is not there counts no more.
    fn session<'a>(&'a self, tenant: &'a TenantId, id: SessionId) -> BoxFuture<'a, StoreResult<Option<SessionRecord>>>;

    /// Ends a session now.
    ///
    /// # Errors
    /// `NotFound`. `Busy`.
    fn revoke_session<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: SessionId,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<SessionRevoked>>;

    /// Ends all sessions of a user that count, and answers how many.
    ///
    /// # Errors
    /// `NotFound` when there is no such user. `Busy`.
    fn revoke_sessions_of<'a>(
        &'a self,
        tenant: &'a TenantId,
        user: UserId,
        audit: Option<NewAudit>,
    ) -> BoxFuture<'a, StoreResult<u32>>;

    /// Forgets sessions of all tenants whose time is over, the longest over first: at most `limit` tokens and sessions
    /// together. Answers how many; fewer than `limit`: nothing is left. Until then their spent tokens are known.
    ///
    /// # Errors
    /// `Busy`.
    fn forget_sessions(&self, limit: u32) -> BoxFuture<'_, StoreResult<u32>>;
}
