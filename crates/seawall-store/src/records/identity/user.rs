use std::fmt;

use crate::ids::{TenantId, UserId};
use crate::records::identity::secret::PasswordHash;
use crate::records::identity::text::Email;
use crate::time::Timestamp;

/// What somebody may do; each role may do what those before it may.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum UserRole {
    Viewer,
    Operator,
    Admin,
}

impl UserRole {
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The name on the wire and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl fmt::Display for UserRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A user to be kept, active.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub id: UserId,
    pub email: Email,
    pub password: PasswordHash,
    pub role: UserRole,
    /// The most that the tenant may have, with this one.
    pub most: u32,
}

/// Everything None (and false): nothing changes but the version.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    pub role: Option<UserRole>,
    pub active: Option<bool>,
    pub password: Option<PasswordHash>,
    /// Ends the user's sessions also where the rest would not.
    pub ends_sessions: bool,
}

impl UserChange {
    /// Whoever is logged in with what was, is not any longer: so after another password, and when nobody may be.
    #[must_use]
    pub fn must_end_sessions(&self) -> bool {
        self.ends_sessions || self.password.is_some() || self.active == Some(false)
    }
}

/// A user, without what is known of the password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserRecord {
    pub id: UserId,
    pub email: Email,
    pub role: UserRole,
    pub active: bool,
    /// From 1; raised by every change that an admin makes, not by logins.
    pub version: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_login_at: Option<Timestamp>,
    /// Since the last success.
    pub attempts: u32,
    pub locked_until: Option<Timestamp>,
}

/// All that is needed to hold a password against a user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoginUser {
    pub tenant: TenantId,
    pub record: UserRecord,
    pub password: PasswordHash,
}

/// What became of a user that was to be kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UserCreated {
    Created(UserRecord),
    /// Somebody has the address, of whichever tenant.
    EmailTaken,
    /// The tenant has as many as it may have.
    TooMany {
        most: u32,
    },
}
