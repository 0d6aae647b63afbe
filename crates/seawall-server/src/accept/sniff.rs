use std::io;
use std::time::Duration;

use tokio::net::TcpStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Waits until the bytes at hand tell HTTP/1 from HTTP/2, without taking them. False: the client closed. Hyper decides the
/// same, but without a time limit.
pub(super) async fn request_begins(stream: &TcpStream) -> io::Result<bool> {
    let mut buffer = [0u8; PREFACE.len()];
    loop {
        stream.readable().await?;
        let seen = stream.peek(&mut buffer).await?;
        if seen == 0 {
            return Ok(false);
        }
        if seen == PREFACE.len() || buffer[..seen] != PREFACE[..seen] {
            return Ok(true);
        }
        // Bytes that were peeked at stay readable: without a pause this would spin.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
