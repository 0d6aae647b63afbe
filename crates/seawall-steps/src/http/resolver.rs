//! Name resolution by the operating system, with only those addresses left that may be connected to. The client connects
//! to nothing else, so a name that resolves differently a second time (DNS rebinding) gains nothing.

use std::io;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::http::address::Check;

pub(crate) struct Resolver {
    pub(crate) check: Check,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let check = self.check;
        Box::pin(async move {
            // Port 0 stands for the URL's port.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let mut allowed: Vec<SocketAddr> = Vec::new();
            let mut refused = None;
            for candidate in found {
                match check(candidate.ip()) {
                    Ok(()) => allowed.push(candidate),
                    Err(refusal) => refused = Some(refusal),
                }
            }
            if !allowed.is_empty() {
                return Ok(Box::new(allowed.into_iter()) as Addrs);
            }
            Err(match refused {
                Some(refusal) => refusal.into(),
                None => io::Error::new(io::ErrorKind::NotFound, "the name has no address").into(),
            })
        })
    }
}
