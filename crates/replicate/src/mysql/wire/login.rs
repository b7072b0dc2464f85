//! Logging in: the server's greeting, TLS, and the password in the two ways that servers of this family ask for it.
//!
//! `mysql_native_password` and `caching_sha2_password` both send a scramble of the password with the server's random bytes. The second one asks for
//! the password itself when the server's memory does not hold its hash; it is then sent inside TLS, or, where TLS was turned off by name, under
//! the server's public key.

use mysql_async::{DriverError, Error};
use mysql_common::constants::CapabilityFlags;
use mysql_common::io::ParseBuf;
use mysql_common::packets::{AuthPlugin, AuthSwitchRequest, HandshakePacket};
use mysql_common::scramble::{scramble_native, scramble_sha256};
use tokio::net::TcpStream;

use super::{RowReader, io_error, unexpected};
use crate::connection::{Address, Tls, tls};

/// Number of the character set utf8mb4 with its oldest collation, which every server knows; the session's setup replaces it.
const UTF8MB4: u8 = 45;
/// The longest packet that we would take, as the login has to say.
const LARGEST_PACKET: u32 = 1 << 30;
/// The server's random bytes.
const NONCE_BYTES: usize = 20;

/// How the password is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    Native,
    CachingSha2,
}

impl Proof {
    fn from_plugin(plugin: &AuthPlugin<'_>) -> Option<Proof> {
        match plugin {
            AuthPlugin::MysqlNativePassword => Some(Proof::Native),
            AuthPlugin::CachingSha2Password => Some(Proof::CachingSha2),
            _ => None,
        }
    }

    fn name(self) -> &'static [u8] {
        match self {
            Proof::Native => b"mysql_native_password",
            Proof::CachingSha2 => b"caching_sha2_password",
        }
    }

    /// What is sent for a password; nothing for an empty one.
    fn scramble(self, nonce: &[u8], password: &str) -> Vec<u8> {
        let password = password.as_bytes();
        match self {
            _ if password.is_empty() => Vec::new(),
            Proof::Native => scramble_native(nonce, password).map_or_else(Vec::new, Vec::from),
            Proof::CachingSha2 => scramble_sha256(nonce, password).map_or_else(Vec::new, Vec::from),
        }
    }
}

/// Opens a connection and logs in.
pub(super) async fn log_in(address: &Address) -> Result<RowReader, Error> {
    let stream = TcpStream::connect((address.host_name(), address.port()))
        .await
        .map_err(io_error)?;
    stream.set_nodelay(true).map_err(io_error)?;
    // The greeting is read before TLS begins, and must not swallow a byte of what follows: the server waits for us after it.
    let mut reader = RowReader::new(address, Box::new(stream));
    let greeting = reader.packet().await?;
    let greeting: HandshakePacket<'_> = ParseBuf(&greeting).parse(()).map_err(io_error)?;
    let mut nonce = greeting.scramble_1_ref().to_vec();
    nonce.extend_from_slice(greeting.scramble_2_ref().unwrap_or_default());
    nonce.resize(NONCE_BYTES, 0);
    let proof = greeting
        .auth_plugin()
        .and_then(|plugin| Proof::from_plugin(&plugin))
        .unwrap_or(Proof::Native);
    let mut flags = CapabilityFlags::CLIENT_PROTOCOL_41
        | CapabilityFlags::CLIENT_LONG_PASSWORD
        | CapabilityFlags::CLIENT_TRANSACTIONS
        | CapabilityFlags::CLIENT_SECURE_CONNECTION
        | CapabilityFlags::CLIENT_PLUGIN_AUTH;
    if address.tls() == Tls::Verified {
        if !greeting
            .capabilities()
            .contains(CapabilityFlags::CLIENT_SSL)
        {
            return Err(DriverError::NoClientSslFlagFromServer.into());
        }
        flags |= CapabilityFlags::CLIENT_SSL;
        reader.send(&response_head(flags)).await?;
        reader = encrypt(reader, address).await?;
    }
    let mut response = response_head(flags);
    response.extend_from_slice(address.user().as_bytes());
    response.push(0);
    let scramble = proof.scramble(&nonce, address.password());
    response.push(scramble.len() as u8);
    response.extend_from_slice(&scramble);
    response.extend_from_slice(proof.name());
    response.push(0);
    reader.send(&response).await?;
    prove(&mut reader, address, proof, nonce).await?;
    Ok(reader)
}

/// The part of the response that comes before the user, and alone where TLS begins.
fn response_head(flags: CapabilityFlags) -> Vec<u8> {
    let mut head = flags.bits().to_le_bytes().to_vec();
    head.extend_from_slice(&LARGEST_PACKET.to_le_bytes());
    head.push(UTF8MB4);
    head.extend_from_slice(&[0; 23]);
    head
}

/// Goes on with the server until it has accepted us.
async fn prove(
    reader: &mut RowReader,
    address: &Address,
    mut proof: Proof,
    mut nonce: Vec<u8>,
) -> Result<(), Error> {
    let mut is_switched = false;
    loop {
        let packet = reader.packet().await?;
        match (packet.as_slice(), proof) {
            ([0, ..], _) => return Ok(()),
            ([0xfe, _, ..], _) if !is_switched => {
                let request: AuthSwitchRequest<'_> =
                    ParseBuf(&packet).parse(()).map_err(io_error)?;
                let plugin = request.auth_plugin();
                proof =
                    Proof::from_plugin(&plugin).ok_or_else(|| DriverError::UnknownAuthPlugin {
                        name: String::from_utf8_lossy(plugin.as_bytes()).into_owned(),
                    })?;
                nonce = request.plugin_data().to_vec();
                nonce.resize(NONCE_BYTES, 0);
                is_switched = true;
                let scramble = proof.scramble(&nonce, address.password());
                reader.send(&scramble).await?;
            }
            // The server remembers the hash: its OK follows.
            ([1, 3], Proof::CachingSha2) => {}
            ([1, 4], Proof::CachingSha2) => send_password(reader, address, &nonce).await?,
            _ => return Err(unexpected("an unknown answer to the login")),
        }
    }
}

/// Sends the password itself: inside TLS as it is, else under the server's public key.
async fn send_password(
    reader: &mut RowReader,
    address: &Address,
    nonce: &[u8],
) -> Result<(), Error> {
    let mut password = address.password().as_bytes().to_vec();
    password.push(0);
    if address.tls() == Tls::Verified {
        return reader.send(&password).await;
    }
    reader.send(&[2]).await?;
    let packet = reader.packet().await?;
    let key = packet
        .get(1..)
        .filter(|key| key.starts_with(b"-----BEGIN PUBLIC KEY-----"));
    let key = key.ok_or_else(|| unexpected("something else than its public key"))?;
    for (byte, mask) in password.iter_mut().zip(nonce.iter().cycle()) {
        *byte ^= mask;
    }
    reader
        .send(&mysql_common::crypto::encrypt(&password, key))
        .await
}

/// Begins TLS on the connection.
async fn encrypt(reader: RowReader, address: &Address) -> Result<RowReader, Error> {
    let sequence = reader.sequence;
    let stream = tls::encrypt(address, reader.wire).await.map_err(io_error)?;
    let mut reader = RowReader::new(address, stream);
    reader.sequence = sequence;
    Ok(reader)
}
