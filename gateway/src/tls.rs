//! HTTPS at the front door.

use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, InconsistentKeys, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The first byte of every record of a handshake; no request in plain HTTP begins with it.
const HANDSHAKE: u8 = 0x16;

/// A certificate with its key.
#[derive(Clone)]
pub struct Tls(TlsAcceptor);

/// What a client has opened a connection with.
pub(crate) enum Opened {
    Secure(Box<TlsStream<TcpStream>>),
    /// It does not know that this is TLS, and should be told.
    Plain(TcpStream),
}

impl Tls {
    /// From PEM: the certificate, followed by those between it and the root, if any; and its key.
    pub fn new(certificates: &[u8], key: &[u8]) -> Result<Self, String> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<_, _>>()
            .map_err(|error| format!("the certificate is not in PEM: {error}"))?;
        if chain.is_empty() {
            return Err("there is no certificate in PEM".to_owned());
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| format!("the key is not in PEM: {error}"))?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
        let mut config = config.map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => "the key is not the certificate's".to_owned(),
            error => format!("the certificate and the key cannot be used: {error}"),
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    pub(crate) async fn open(&self, stream: TcpStream) -> io::Result<Opened> {
        let mut first = [0];
        if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
            return Ok(Opened::Plain(stream));
        }
        Ok(Opened::Secure(Box::new(self.0.accept(stream).await?)))
    }
}
