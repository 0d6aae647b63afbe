//! Redirects into addresses that are refused. The first hop is a server on loopback, so the check here is one that lets
//! exactly that address pass.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use seawall_engine::store::{NodeId, RunId, TenantId};
use seawall_engine::{
    ActivityRef, Attempt, AttemptContext, EffectClass, EffectKey, Executor as _, Fence, NoSecrets, Outcome, Rendered,
    StepId,
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{InstallationId, StepsConfig};
use crate::http::HttpExecutor;
use crate::http::address::{self, AddressRefused};

fn all_but_one(address: IpAddr) -> Result<(), AddressRefused> {
    match address {
        IpAddr::V4(Ipv4Addr::LOCALHOST) => Ok(()),
        other => address::public(other),
    }
}

async fn get(url: String) -> Outcome {
    let installation = InstallationId::parse("unit").expect("an id");
    let config = StepsConfig::new(installation, NodeId::generate());
    let activity = ActivityRef::step(StepId::parse("step").expect("an id"));
    let run = RunId::generate();
    let attempt = Attempt {
        tenant: TenantId::default(),
        run,
        effect_key: EffectKey::derive(run, &activity, 0),
        activity,
        number: 1,
        effect: EffectClass::Read,
        request: Rendered::plain(json!({ "url": url })),
        timeout: std::time::Duration::from_secs(60),
    };
    let context = AttemptContext {
        cancel: CancellationToken::new(),
        fence: Fence::new(|| true),
        secrets: Arc::new(NoSecrets),
    };
    HttpExecutor::with_check(&config, all_but_one)
        .execute(attempt, context)
        .await
}

/// Answers one request with a redirect.
async fn redirect_once(listener: TcpListener, location: &str) {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request"));
    }
    let answer = format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.expect("a reader");
}

#[tokio::test]
async fn every_hop_is_checked_before_it_is_connected_to() {
    for location in [
        "http://127.0.0.2/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "//0x7f000002/",
        "http://127.2/",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        let (outcome, ()) = tokio::join!(get(url), redirect_once(listener, location));
        // The answer that led there was complete: nothing is unknown.
        let Outcome::Failed(error) = outcome else {
            panic!("{location}: {outcome:?}");
        };
        assert_eq!(error.code, "address-not-allowed", "{location}");
        assert!(!error.retryable);
    }
}
