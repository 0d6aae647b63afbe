use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};

use http::Request;
use tower::{Layer, Service};

use super::TrustedProxies;

/// Whom the connection leads to. A server puts it into the extensions of each request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PeerAddress(pub SocketAddr);

/// The client's address, in a request's extensions. IPv4 in the form of IPv6 stands here as IPv4.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ClientAddress(pub IpAddr);

/// How the client came, as far as is known, in a request's extensions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientScheme {
    Http,
    /// A trusted proxy says so.
    Https,
}

/// Puts [`ClientAddress`] and [`ClientScheme`] into each request's extensions. A request of which no peer is known gets a
/// scheme only.
///
/// ```
/// use seawall_guard::client_address::{ClientAddressLayer, TrustedProxies};
///
/// let proxies: TrustedProxies = ["10.0.0.0/8".parse()?].into_iter().collect();
/// let layer = ClientAddressLayer::new(proxies);
/// # Ok::<_, seawall_guard::client_address::CidrError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientAddressLayer {
    proxies: TrustedProxies,
}

impl ClientAddressLayer {
    #[must_use]
    pub const fn new(proxies: TrustedProxies) -> Self {
        Self { proxies }
    }
}

impl<S> Layer<S> for ClientAddressLayer {
    type Service = ClientAddressService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientAddressService {
            inner,
            proxies: self.proxies.clone(),
        }
    }
}

/// See [`ClientAddressLayer`].
#[derive(Clone, Debug)]
pub struct ClientAddressService<S> {
    inner: S,
    proxies: TrustedProxies,
}

impl<S, B> Service<Request<B>> for ClientAddressService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let mut scheme = ClientScheme::Http;
        if let Some(peer) = peer(&request) {
            let client = self.proxies.client(peer, request.headers());
            if self.proxies.client_is_secure(peer, request.headers()) {
                scheme = ClientScheme::Https;
            }
            request.extensions_mut().insert(ClientAddress(client));
        }
        request.extensions_mut().insert(scheme);
        self.inner.call(request)
    }
}

fn peer<B>(request: &Request<B>) -> Option<IpAddr> {
    let extensions = request.extensions();
    let ours = extensions.get::<PeerAddress>().map(|peer| peer.0);
    #[cfg(feature = "problem")]
    let ours = ours.or_else(|| {
        let of_axum = extensions.get::<axum::extract::ConnectInfo<SocketAddr>>();
        of_axum.map(|info| info.0)
    });
    ours.map(|address| address.ip().to_canonical())
}

#[cfg(test)]
#[cfg(feature = "problem")]
mod tests {
    use axum::body::Body;
    use tower::{ServiceExt as _, service_fn};

    use super::*;

    #[tokio::test]
    async fn it_waits_for_and_calls_the_ready_instance() {
        crate::probe::holds_the_contract(ClientAddressLayer::new(TrustedProxies::default())).await;
    }

    async fn seen(peer: Option<&str>, proto: &[&str]) -> (Option<ClientAddress>, Option<ClientScheme>) {
        let proxies = ["10.0.0.1".parse().unwrap()].into_iter().collect();
        let handler = service_fn(|request: Request<Body>| async move {
            let extensions = request.extensions();
            Ok::<_, ()>((
                extensions.get::<ClientAddress>().copied(),
                extensions.get::<ClientScheme>().copied(),
            ))
        });
        let mut request = Request::get("/").header("x-forwarded-for", "198.51.100.1");
        for value in proto {
            request = request.header("x-forwarded-proto", *value);
        }
        if let Some(peer) = peer {
            request = request.extension(PeerAddress(peer.parse().unwrap()));
        }
        let service = ClientAddressLayer::new(proxies).layer(handler);
        service.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn handlers_see_the_client() {
        let client = |text: &str| Some(ClientAddress(text.parse().unwrap()));
        let (http, https) = (Some(ClientScheme::Http), Some(ClientScheme::Https));
        assert_eq!(seen(None, &["https"]).await, (None, http));
        assert_eq!(seen(Some("8.8.8.8:1"), &["https"]).await, (client("8.8.8.8"), http));
        assert_eq!(
            seen(Some("10.0.0.1:1"), &["https"]).await,
            (client("198.51.100.1"), https)
        );
        assert_eq!(
            seen(Some("[::ffff:10.0.0.1]:1"), &[]).await,
            (client("198.51.100.1"), http)
        );
        // All hops have to be secure: one in the clear is enough to be read.
        assert_eq!(seen(Some("10.0.0.1:1"), &["https", "http"]).await.1, http);
        assert_eq!(seen(Some("10.0.0.1:1"), &["https, https"]).await.1, https);
    }
}
