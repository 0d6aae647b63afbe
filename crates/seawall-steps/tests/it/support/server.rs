//! Servers on port 0 that end with their handle.

use std::future::Future;
use std::net::SocketAddr;

use axum::Router;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// An axum server.
pub(crate) struct Web {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Web {
    pub(crate) async fn serve(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await.expect("a server") });
        Self { address, _tasks: tasks }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// A server that does with each connection what the test says.
pub(crate) struct Raw {
    pub(crate) address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Raw {
    pub(crate) async fn serve<F>(mut each: impl FnMut(TcpStream) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(each(stream));
            }
        });
        Self { address, _tasks: tasks }
    }

    /// A server that reads a request's head and then answers with these bytes and closes.
    pub(crate) async fn answering(answer: &'static [u8]) -> Self {
        Self::serve(move |mut stream| async move {
            Self::read_head(&mut stream).await;
            // The other side may have given up.
            let _ = stream.write_all(answer).await;
        })
        .await
    }

    pub(crate) async fn read_head(stream: &mut TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        String::from_utf8(head).expect("a head in UTF-8")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}
