//! Identity: who asks, for which tenant, and what they may do.
//!
//! Most of what stands here is logic: what is kept comes in as an argument, the time too, and what is decided goes out. The
//! [`Authenticator`] puts it together over store roles, for the guard that reads credentials; handlers of logins, users and
//! keys do so for themselves.
//!
//! - A [`Principal`] has [`Scopes`]; a handler asks for them by its signature ([`Scoped`]).
//! - It comes from an API key ([`ApiKey`]), an access token of the server's own ([`AccessTokens`]), one of an OpenID Connect
//!   issuer ([`oidc`]), or the [`BootstrapKey`]. [`CredentialForm`] tells them apart, the [`Authenticator`] asks each, and
//!   remembers for a while what the store said of keys and sessions.
//! - Users have a [`password`]; [`lockout`] slows guessing down; a login is gone on with by a [`RefreshToken`].
//! - [`audit`] chains records of what was done, so that a change is found.
//!
//! Secrets are never printed, kept as hashes and compared in constant time; every key is derived for one use ([`KeyUse`]).

pub mod api_key;
pub mod audit;
mod authenticator;
mod bootstrap;
mod challenge;
mod credential;
mod derived;
mod email;
mod jws;
mod known;
pub mod lockout;
pub mod oidc;
pub mod password;
mod principal;
pub mod refresh;
mod role;
mod scope;
mod scoped;
mod secret;
pub mod token;

pub use api_key::{ApiKey, KeyId, KeyRefusal, StoredKey};
pub use authenticator::{AuthenticationError, Authenticator, AuthenticatorParts};
pub use bootstrap::{BootstrapKey, BootstrapKeyError, STRONG_KEY_BYTES};
pub use challenge::{invalid_credentials, unauthenticated};
pub use credential::CredentialForm;
pub use derived::{DerivedKey, KeyUse, MIN_SECRET_BYTES, MasterKey, SecretTooShort};
pub use email::{Email, EmailError, MAX_EMAIL_BYTES};
pub use jws::{MAX_TOKEN_BYTES, TokenError};
pub use principal::{Principal, PrincipalKind};
pub use refresh::RefreshToken;
pub use role::{Role, UnknownRole};
pub use scope::{Scope, Scopes, UnknownScope};
pub(crate) use scoped::principal_of;
pub use scoped::{Requirement, Scoped, needs};
pub use secret::SecretHash;
pub use token::AccessTokens;
