//! Bodies of answers, whatever they come through.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};

use crate::client::ClientError;

pub(super) type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, ClientError>> + Send>>;

/// The largest answer that is read as a whole: a run's outputs have 64 MiB, and JSON escapes.
const LIMIT: usize = 256 << 20;

pub(super) async fn whole(mut body: ByteStream) -> Result<Bytes, ClientError> {
    let mut read = BytesMut::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        if read.len() + chunk.len() > LIMIT {
            return Err(ClientError::TooLarge { limit: LIMIT });
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.freeze())
}
