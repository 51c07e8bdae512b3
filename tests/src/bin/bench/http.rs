//! As little of HTTP/1.1 as a load generator needs, so that it takes little from the servers that share its machine.

use std::io;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::template::elements;

/// A connection that is kept alive, and opened again where the server closes it.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    read: BytesMut,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The code of EC2's error, or else the status.
    pub(crate) fn error(&self) -> String {
        elements(&self.text(), "Code").pop().unwrap_or_else(|| format!("HTTP {}", self.status))
    }
}

struct Head {
    status: u16,
    /// Bytes of the head and of the body.
    bytes: usize,
    length: usize,
    last: bool,
}

impl Connection {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, read: BytesMut::with_capacity(64 << 10) }
    }

    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.address).await?,
        };
        stream.set_nodelay(true)?;
        stream.write_all(request).await?;
        let head = loop {
            fill(&mut stream, &mut self.read).await?;
            if let Some(head) = head(&self.read)? {
                break head;
            }
        };
        self.read.reserve((head.bytes + head.length).saturating_sub(self.read.len()));
        while self.read.len() < head.bytes + head.length {
            fill(&mut stream, &mut self.read).await?;
        }
        let _ = self.read.split_to(head.bytes);
        let body = self.read.split_to(head.length).freeze();
        if !head.last {
            self.stream = Some(stream);
        }
        Ok(Answer { status: head.status, body })
    }
}

async fn fill(stream: &mut TcpStream, read: &mut BytesMut) -> io::Result<()> {
    if stream.read_buf(read).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// None while the head is not there in full.
fn head(read: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(bytes) = response.parse(read).map_err(io::Error::other)? else { return Ok(None) };
    let header = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    };
    let length = header("content-length").and_then(|value| value.parse().ok());
    Ok(Some(Head {
        status: response.code.unwrap_or(0),
        bytes,
        length: length.ok_or_else(|| io::Error::other("an answer without a length"))?,
        last: header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")),
    }))
}
