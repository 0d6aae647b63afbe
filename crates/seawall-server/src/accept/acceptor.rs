use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use seawall_guard::client_address::PeerAddress;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Ending, serve_connection};
use super::limits;
use super::places::{Places, Pressure, Rarely};
use super::room::room_for;
use crate::telemetry::Connections;

/// A bound listener.
#[derive(Debug)]
pub(crate) struct Acceptor {
    listener: TcpListener,
    address: SocketAddr,
    /// Connections at once.
    room: usize,
    connections: Connections,
}

impl Acceptor {
    /// It takes so many `connections` at once, or as many as the system allows.
    pub(crate) async fn bind(address: SocketAddr, connections: usize) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let room = room_for(connections);
        Ok(Self {
            listener,
            address,
            room,
            connections: Connections::default(),
        })
    }

    /// Counts its connections there.
    pub(crate) fn counted_by(mut self, connections: Connections) -> Self {
        connections.limit(self.room);
        self.connections = connections;
        self
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `draining`; then takes no more connections, lets requests finish, and cuts off what is left after
    /// `deadline`.
    pub(crate) async fn run(self, router: Router, draining: CancellationToken, deadline: Duration) {
        let connections = TaskTracker::new();
        let ending = Ending {
            draining: draining.clone(),
            cut_off: CancellationToken::new(),
            pressure: Pressure::default(),
        };
        let mut places = Places::new(self.room, ending.pressure.clone());
        let mut told = Rarely::default();
        loop {
            let (stream, peer, permit) = tokio::select! {
                biased;
                () = draining.cancelled() => break,
                next = self.next((&mut places, &mut told), &ending.pressure) => next,
            };
            let (router, ending) = (router.clone(), ending.clone());
            let open = self.connections.open();
            connections.spawn(async move {
                serve_connection(stream, peer, router, ending).await;
                drop((open, permit));
            });
        }
        drop(self.listener);
        connections.close();
        if tokio::time::timeout(deadline, connections.wait()).await.is_err() {
            tracing::warn!(
                connections = connections.len(),
                "connections did not end in time and are cut off"
            );
            ending.cut_off.cancel();
            connections.wait().await;
        }
    }

    /// The next connection, with its place. It is taken from the listen queue first: only then somebody is asked to give way.
    async fn next(
        &self,
        (places, told): (&mut Places, &mut Rarely),
        pressure: &Pressure,
    ) -> (TcpStream, PeerAddress, OwnedSemaphorePermit) {
        let (stream, peer) = self.accept(told, pressure).await;
        let place = places.take().await;
        (stream, PeerAddress(peer), place)
    }

    async fn accept(&self, told: &mut Rarely, pressure: &Pressure) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => {
                    pressure.relent();
                    return accepted;
                }
                // It ended before it was taken: the next one may be fine.
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
                Err(error) => {
                    if told.is_due() {
                        tracing::warn!(error = %error, "connections cannot be accepted for now");
                    }
                    // Mostly there is no open file left.
                    pressure.ask();
                    tokio::time::sleep(limits::ACCEPT_BACKOFF).await;
                }
            }
        }
    }
}
