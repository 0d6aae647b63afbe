use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection that sends the same bytes again and again, and reads answers by their length.
pub(crate) struct Caller {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
    /// The length of the answer before. All are equally long, and what a caller costs stands on every side of a comparison.
    length: usize,
}

impl Caller {
    pub(crate) async fn connect(address: SocketAddr, request: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            request: request.as_bytes().to_vec(),
            buffer: Vec::with_capacity(8 * 1024),
            length: 0,
        })
    }

    /// Whether the server has neither said more nor closed the connection.
    pub(crate) fn is_open(&self) -> bool {
        let mut byte = [0; 1];
        let result = self.stream.try_read(&mut byte);
        result.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }

    pub(crate) async fn call(&mut self) -> anyhow::Result<()> {
        self.stream.write_all(&self.request).await?;
        self.buffer.clear();
        loop {
            let whole = match self.buffer.len() {
                0 => None,
                length if length == self.length => Some(length),
                _ => whole(&self.buffer)?,
            };
            if let Some(whole) = whole {
                ensure!(
                    self.buffer.starts_with(b"HTTP/1.1 200"),
                    "not 200: {}",
                    self.buffer.escape_ascii()
                );
                ensure!(self.buffer.len() == whole, "more than one answer");
                self.length = whole;
                return Ok(());
            }
            let read = self.stream.read_buf(&mut self.buffer).await?;
            ensure!(read > 0, "the server closed the connection");
        }
    }
}

/// The length of the whole answer, once its head is there and its body too.
fn whole(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(head) = find(answer, b"\r\n\r\n") else {
        return Ok(None);
    };
    const NAME: &[u8] = b"content-length: ";
    let at = find(&answer[..head], NAME).context("an answer without content-length")? + NAME.len();
    let digits = answer[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    let whole = head + 4 + length;
    Ok((answer.len() >= whole).then_some(whole))
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
