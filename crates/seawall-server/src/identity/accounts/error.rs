use seawall_store::StoreError;

use crate::identity::password::HashError;
use crate::identity::{Scope, TokenError};

/// Why an account's service did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccountError {
    /// Wrong address, wrong password, locked, inactive: from outside they are one.
    #[error("the address or the password is wrong")]
    WrongLogin,
    /// Unknown, spent, over, of a login that has ended: from outside they are one.
    #[error("the token does not count")]
    WrongToken,
    #[error("the principal has no login that could end")]
    NoLogin,
    #[error("a user with this address exists")]
    EmailTaken,
    #[error("there are {most} users already")]
    TooManyUsers { most: u32 },
    #[error("there are {most} API keys already")]
    TooManyKeys { most: u32 },
    /// Nobody could administer users any more.
    #[error("the user is the last administrator, and no API key administers users")]
    LastAdmin,
    /// Nobody gives away more than they have.
    #[error("the scope {0} is lacking")]
    Lacks(Scope),
    /// A request that made a secret came again; the secret is not kept.
    #[error("the request was carried out before, and its answer held a secret")]
    Withheld,
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error("a token cannot be signed")]
    Token(#[from] TokenError),
    #[error(transparent)]
    Store(#[from] StoreError),
}
