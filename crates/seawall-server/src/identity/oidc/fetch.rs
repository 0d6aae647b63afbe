use std::time::Duration;

use reqwest::{Client, Url, redirect};
use serde::Deserialize;

use super::Issuer;
use super::jwk::KeySet;

/// The largest document that is read, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

/// How long finding and fetching the keys may take altogether.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(8);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Nobody can be asked over HTTPS: this machine has no certificates to trust, or its TLS does not begin.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the client that asks the OIDC issuer")]
pub struct ClientError(#[source] reqwest::Error);

/// What went wrong between here and the issuer.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the issuer cannot be asked")]
    Http(#[source] reqwest::Error),
    #[error("the issuer answered {0}")]
    Status(u16),
    #[error("the issuer's answer has more than {MAX_DOCUMENT_BYTES} bytes")]
    TooLarge,
    #[error("the issuer did not answer in time")]
    Timeout,
    #[error("the discovery document is not one")]
    Discovery,
    #[error("the discovery document is of another issuer")]
    OtherIssuer,
    #[error("the discovery document sends for keys to a place that is not allowed")]
    KeysAddress,
    #[error("the key set is not one, or has no key that can be used")]
    Keys,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// Asks an issuer for its keys.
#[derive(Debug)]
pub(super) struct Fetcher {
    client: Client,
    issuer: Issuer,
}

impl Fetcher {
    pub(super) fn new(issuer: Issuer) -> Result<Self, ClientError> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(FETCH_TIMEOUT)
            // An address that may be asked shall not send us to one that may not.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("seawall/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(ClientError)?;
        Ok(Self { client, issuer })
    }

    /// The keys as they are now.
    pub(super) async fn fetch(&self) -> Result<KeySet, FetchError> {
        let fetched = tokio::time::timeout(FETCH_TIMEOUT, self.discover_and_get()).await;
        fetched.unwrap_or(Err(FetchError::Timeout))
    }

    async fn discover_and_get(&self) -> Result<KeySet, FetchError> {
        let document = self.get(self.issuer.discovery().clone()).await?;
        let discovery: Discovery = serde_json::from_slice(&document).map_err(|_| FetchError::Discovery)?;
        if discovery.issuer != self.issuer.as_str() {
            return Err(FetchError::OtherIssuer);
        }
        let address = Url::parse(&discovery.jwks_uri).map_err(|_| FetchError::KeysAddress)?;
        if !self.issuer.allows(&address) {
            return Err(FetchError::KeysAddress);
        }
        let keys = KeySet::parse(&self.get(address).await?).ok_or(FetchError::Keys)?;
        // An empty set would lock everybody out: rather the keys from before, for as long as they may be used.
        if keys.len() == 0 {
            Err(FetchError::Keys)
        } else {
            Ok(keys)
        }
    }

    async fn get(&self, address: Url) -> Result<Vec<u8>, FetchError> {
        let request = self.client.get(address).header("accept", "application/json");
        let mut response = request.send().await.map_err(FetchError::Http)?;
        if response.status() != 200 {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(FetchError::Http)? {
            if body.len() + chunk.len() > MAX_DOCUMENT_BYTES {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}
