//! Tokens of an OpenID Connect issuer: its keys are found by discovery (OpenID Connect Discovery 1.0) and kept, and a token
//! stands for a principal by the claims that the configuration names.
//!
//! - A token without a known key makes one fetch, for everybody who waits, and at most one in [`MIN_INTERVAL`]: tokens that
//!   were made up cannot turn this server on the issuer.
//! - Keys are fetched anew in the background after [`FRESH_FOR`]. While the issuer is down the last ones are used, for
//!   [`STALE_FOR`] at most; after that, and before there are any, tokens cannot be judged: 503, not 401.
//! - What the issuer answers is bounded in bytes and time; redirects are not followed, proxies not used.
//! - Only RS256, ES256 and EdDSA (Ed25519), and only keys that are strong, meant for signatures and named.
//!
//! What it does not do: log anybody in. Clients get their tokens from the issuer themselves.

mod cache;
mod claims;
mod config;
mod error;
mod fetch;
mod jwk;
mod keys;
mod verifier;

pub use cache::{FRESH_FOR, MIN_INTERVAL, STALE_FOR};
pub use claims::ClaimPath;
pub use config::{Issuer, IssuerError, OidcConfig};
pub use error::OidcError;
pub use fetch::{ClientError, FETCH_TIMEOUT, MAX_DOCUMENT_BYTES};
pub use verifier::{LEEWAY_SECONDS, OidcVerifier};
