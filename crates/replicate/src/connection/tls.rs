//! TLS for our own clients: the certificate must be by an authority that is trusted, and for the name that was asked for.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use super::Address;

/// Either kind of socket.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Socket for T {}

/// Begins TLS on a socket whose server awaits it.
pub(crate) async fn encrypt(
    address: &Address,
    socket: Box<dyn Socket>,
) -> io::Result<Box<dyn Socket>> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(file) = address.tls_ca() {
        let pem = tokio::fs::read(file).await?;
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate
                .map_err(|_| unusable("the file that tls-ca names holds no certificate"))?;
            roots
                .add(certificate)
                .map_err(|_| unusable("the certificate that tls-ca names cannot be used"))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| unusable("no version of TLS can be used"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(address.host_name().to_owned())
        .map_err(|_| unusable("the host's name cannot be in a certificate"))?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, socket)
        .await?;
    Ok(Box::new(stream))
}

/// What no second try mends.
fn unusable(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
