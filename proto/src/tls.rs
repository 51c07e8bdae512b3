//! Mutual TLS between the processes of a cluster: each shows a certificate of the cluster's authority, and asks for one.

use tonic::transport::{Certificate, ClientTlsConfig, Identity, ServerTlsConfig};

/// The authority's certificate, and this process's own with its key, all in PEM.
#[derive(Clone)]
pub struct ClusterTls {
    authority: Certificate,
    identity: Identity,
}

impl ClusterTls {
    pub fn new(authority: &str, certificate: &str, key: &str) -> Self {
        Self { authority: Certificate::from_pem(authority), identity: Identity::from_pem(certificate, key) }
    }

    /// For who listens: nobody without a certificate comes in.
    pub fn server(&self) -> ServerTlsConfig {
        ServerTlsConfig::new().identity(self.identity.clone()).client_ca_root(self.authority.clone())
    }

    /// For who calls.
    pub fn client(&self) -> ClientTlsConfig {
        ClientTlsConfig::new().identity(self.identity.clone()).ca_certificate(self.authority.clone())
    }
}
