//! A server across a socket.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use reqwest::Url;
use seawall_server::{Config, client_credential};

use crate::client::ClientError;
use crate::client::handle::Raw;

/// Between two pieces of an answer; event streams send a comment every 15 s.
const SILENCE: Duration = Duration::from_secs(75);
const CONNECT: Duration = Duration::from_secs(5);

pub(super) struct Remote {
    client: reqwest::Client,
    base: Url,
    /// `Authorization`.
    credential: Option<HeaderValue>,
}

impl Remote {
    /// `url` is the server's address: a scheme, a host, perhaps a port and a prefix.
    pub(super) fn new(url: &str, config: &Config) -> Result<Self, ClientError> {
        let refuse = |message: &str| ClientError::BadUrl {
            url: url.to_owned(),
            message: message.to_owned(),
        };
        let base = Url::parse(url).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(refuse("expected something like http://127.0.0.1:8000"));
        }
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("seawall/", env!("CARGO_PKG_VERSION")));
        let own = base.host_str().is_some_and(is_loopback);
        if own {
            // A proxy would look for it on its own machine.
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(ClientError::unexpected)?;
        Ok(Self {
            client,
            base,
            credential: client_credential(config, own),
        })
    }

    /// Whether anybody answers there.
    pub(super) async fn answers(&self) -> bool {
        let request = Request::get("/health").body(Bytes::new());
        match request {
            Ok(request) => self.send(request).await.is_ok_and(|raw| raw.status.is_success()),
            Err(_) => false,
        }
    }

    pub(super) async fn send(&self, request: Request<Bytes>) -> Result<Raw, ClientError> {
        let (mut parts, body) = request.into_parts();
        if let Some(credential) = &self.credential {
            parts.headers.insert(AUTHORIZATION, credential.clone());
        }
        let url = format!("{}{}", self.base.as_str().trim_end_matches('/'), parts.uri);
        let sent = self.client.request(parts.method, url).headers(parts.headers).body(body);
        let response = sent.send().await.map_err(|error| {
            if error.is_connect() {
                let url = self.base.to_string();
                ClientError::Connect {
                    url,
                    source: error.into(),
                }
            } else {
                ClientError::Broken { source: error.into() }
            }
        })?;
        Ok(Raw {
            status: response.status(),
            headers: response.headers().clone(),
            body: response
                .bytes_stream()
                .map(|chunk| chunk.map_err(|error| ClientError::Broken { source: error.into() }))
                .boxed(),
        })
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
