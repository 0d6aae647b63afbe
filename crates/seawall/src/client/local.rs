//! The service in this process: the same router, called without a socket, for whoever may open the store's file.

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header::HOST;
use http::{HeaderValue, Request};
use tower::ServiceExt as _;

use crate::client::ClientError;
use crate::client::handle::Raw;
use crate::compose::House;

pub(super) struct Local {
    house: House,
    router: Router,
}

impl Local {
    pub(super) fn new(house: House) -> Self {
        let router = seawall_server::local_router(house.state());
        Self { house, router }
    }

    pub(super) async fn send(&self, mut request: Request<Bytes>) -> Result<Raw, ClientError> {
        request
            .headers_mut()
            .insert(HOST, HeaderValue::from_static("localhost"));
        let response = match self.router.clone().oneshot(request.map(Body::from)).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let (parts, body) = response.into_parts();
        Ok(Raw {
            status: parts.status,
            headers: parts.headers,
            body: body
                .into_data_stream()
                .map(|chunk| chunk.map_err(|error| ClientError::Local { source: error.into() }))
                .boxed(),
        })
    }

    pub(super) async fn close(self) {
        drop(self.router);
        self.house.close().await;
    }
}
