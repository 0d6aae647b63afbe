//! Identity: who asks, for which tenant, and what they may do.
//!
//! What stands here is logic: no handler, no store. What is kept comes in as an argument, the time too, and what is decided
//! goes out. Two put it together over store roles: the guard that reads credentials ([`KeyLookup`] is what it needs of one),
//! and `accounts`, the services behind the handlers of logins, users, keys, audit trail and tickets.
//!
//! - A [`Principal`] has [`Scopes`]; a handler asks for them by its signature ([`Scoped`]).
//! - It comes from an API key ([`ApiKey`]), an access token of the server's own ([`AccessTokens`]), one of an OpenID Connect
//!   issuer ([`oidc`]), or the [`BootstrapKey`]. [`Credential`] tells them apart, the [`Authenticator`] asks each.
//! - Users have a [`password`]; [`lockout`] slows guessing down; a login is gone on with by a [`RefreshToken`].
//! - A [`ticket`] opens one run's events for a browser.
//! - [`audit`] chains records of what was done, so that a change is found.
//!
//! Secrets are never printed, kept as hashes and compared in constant time; every key is derived for one use ([`KeyUse`]).

pub(crate) mod accounts;
pub mod api_key;
pub mod audit;
mod authenticator;
mod bootstrap;
mod challenge;
mod credential;
mod derived;
mod email;
mod jws;
pub mod lockout;
pub mod oidc;
pub mod password;
mod principal;
pub mod refresh;
mod role;
mod scope;
mod scoped;
mod secret;
pub mod ticket;
pub mod token;

pub use api_key::{ApiKey, KeyId, KeyRefusal, StoredKey};
pub use authenticator::{AuthenticationError, Authenticator, KeyLookup, KeysUnavailable};
pub use bootstrap::{BootstrapKey, BootstrapKeyError, STRONG_KEY_BYTES};
pub use challenge::{invalid_credentials, lacks, unauthenticated};
pub use credential::{Credential, CredentialError, CredentialForm};
pub use derived::{DerivedKey, KeyUse, MIN_SECRET_BYTES, MasterKey, SecretTooShort};
pub use email::{Email, EmailError, MAX_EMAIL_BYTES};
pub use jws::{MAX_TOKEN_BYTES, TokenError};
pub use principal::{Principal, PrincipalKind};
pub use refresh::RefreshToken;
pub use role::{Role, UnknownRole};
pub use scope::{Scope, Scopes, UnknownScope};
pub use scoped::{Requirement, Scoped, needs};
pub use secret::SecretHash;
pub use token::AccessTokens;
