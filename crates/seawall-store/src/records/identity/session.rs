use std::time::Duration;

use crate::ids::{SessionId, TenantId, UserId};
use crate::records::identity::secret::SecretHash;
use crate::records::identity::user::UserRecord;
use crate::time::Timestamp;

/// A refresh token to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewToken {
    pub hash: SecretHash,
    /// At most as long as its session.
    pub lives: Duration,
}

/// A login: the first token of a family.
#[derive(Clone, Copy, Debug)]
pub struct NewSession {
    pub id: SessionId,
    pub user: UserId,
    /// Of the user whose password was right. One who has been changed since has to log in anew.
    pub version: u64,
    pub token: NewToken,
    /// How long the family lasts, however often its token is rotated.
    pub lives: Duration,
    /// The most that the user may have, with this one; the oldest give way. At least 1.
    pub most: u32,
}

/// Why a session ended before its time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SessionEndCause {
    /// Somebody ended it: a logout, or an admin.
    Revoked,
    /// A token was presented a second time: it may have been stolen.
    Reused,
    /// Its user was changed, deactivated or deleted.
    UserChanged,
    /// Its user began too many others.
    GaveWay,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionEnd {
    pub at: Timestamp,
    pub cause: SessionEndCause,
}

/// A family of refresh tokens, of which one counts at a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionRecord {
    pub id: SessionId,
    pub user: UserId,
    pub created_at: Timestamp,
    pub rotated_at: Timestamp,
    pub expires_at: Timestamp,
    pub rotations: u32,
    pub ended: Option<SessionEnd>,
}

impl SessionRecord {
    /// Rotations of one session, because the spent tokens are kept until it is over. With an access token of a quarter of
    /// an hour these are six weeks without a pause.
    pub const MAX_ROTATIONS: u32 = 4096;

    #[must_use]
    pub fn counts_at(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.expires_at
    }
}

/// What became of a login.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SessionBegun {
    Begun {
        session: SessionRecord,
        user: UserRecord,
        /// Those that gave way.
        ended: Vec<SessionId>,
    },
    /// The user is gone, inactive, or was changed after the password was looked at.
    Refused,
}

/// What became of a refresh token that was presented.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rotation {
    /// It is spent, and the new one counts.
    Rotated {
        tenant: TenantId,
        session: SessionRecord,
        user: UserRecord,
    },
    /// It was spent before: the whole family is revoked with this change.
    Reused {
        tenant: TenantId,
        session: SessionRecord,
    },
    Unknown,
    /// The token's time or its session's is over, or the session was rotated too often.
    Expired,
    /// The session had ended.
    Revoked,
}

/// What became of a session that was to end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SessionRevoked {
    Now(SessionRecord),
    /// It had ended. Nothing has changed.
    Before(SessionRecord),
}
