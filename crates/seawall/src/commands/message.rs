//! Messages to runs. A server takes them and goes on by itself; in this process the run is driven on.

use crate::client::{Call, Client};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::follow::{Follower, after_message};

/// Sends the message, then drives the run on, or says where it is.
pub(super) async fn send(context: &Context, client: &Client, run: &str, call: Call) -> Result<Exit, Failure> {
    let mut follower = Follower::new(context, client, run)?;
    if client.is_local() {
        follower.catch_up().await?;
    }
    client.call(call).await?;
    follower.expect_news();
    after_message(context, client, follower).await
}
