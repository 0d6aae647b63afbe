use std::io;

use bytes::Bytes;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Reads as far as tells HTTP/1 from HTTP/2, and gives what was read: the connection begins with it. None: the client closed.
/// Until then a connection costs no buffer.
pub(super) async fn protocol_of(stream: &mut TcpStream) -> io::Result<Option<(Protocol, Bytes)>> {
    let mut buffer = [0u8; PREFACE.len()];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Ok(None);
        }
        filled += read;
        let begun = &buffer[..filled];
        let protocol = match PREFACE.strip_prefix(begun) {
            None => Protocol::Http1,
            Some([]) => Protocol::Http2,
            Some(_) => continue,
        };
        return Ok(Some((protocol, Bytes::copy_from_slice(begun))));
    }
}
