//! Logging in: TLS, the start of the session with its settings, and the password.

use std::io;
use std::time::Duration;

use md5::{Digest, Md5};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use super::answer::protocol;
use super::scram::{MECHANISM, Scram};
use super::{ServerError, Wire, WireError, framed, take_text};
use crate::connection::tls::{self, Socket};
use crate::connection::{Address, Tls};

/// After so long a silence a peer is asked whether it is there, and then again and again; the system gives up after its own count of questions, nine on
/// Linux.
const KEEPALIVE_TIME: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// Version 3.0 of the protocol.
const PROTOCOL: u32 = 196_608;
/// The number that asks for TLS instead of a version.
const TLS_REQUEST: u32 = 80_877_103;

/// What the server asks for during the login.
const AUTH_OK: u32 = 0;
const AUTH_CLEARTEXT: u32 = 3;
const AUTH_MD5: u32 = 5;
const AUTH_SASL: u32 = 10;
const AUTH_SASL_CONTINUE: u32 = 11;
const AUTH_SASL_FINAL: u32 = 12;

/// Opens a connection to a database and logs in, with settings of the session (`("TimeZone", "UTC")`).
pub(crate) async fn log_in(
    address: &Address,
    database: &str,
    settings: &[(&str, &str)],
) -> Result<Wire, WireError> {
    let stream = TcpStream::connect((address.host_name(), address.port())).await?;
    stream.set_nodelay(true)?;
    // A peer that has lost its power says nothing, and some answers are waited for longer than this.
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE_TIME)
        .with_interval(KEEPALIVE_INTERVAL);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    let mut wire = Wire::new(Box::new(stream));
    if address.tls() == Tls::Verified {
        wire = encrypt(wire, address).await?;
    }
    let mut body = PROTOCOL.to_be_bytes().to_vec();
    let named = [("user", address.user()), ("database", database)];
    for (name, value) in named.iter().chain(settings) {
        for text in [name, value] {
            body.extend_from_slice(text.as_bytes());
            body.push(0);
        }
    }
    body.push(0);
    wire.send(&startup(&body)).await?;
    authenticate(&mut wire, address).await?;
    wait_until_ready(&mut wire).await?;
    Ok(wire)
}

/// The first message has no tag.
fn startup(body: &[u8]) -> Vec<u8> {
    let length = (body.len() + 4) as u32;
    [&length.to_be_bytes(), body].concat()
}

async fn encrypt(mut wire: Wire, address: &Address) -> Result<Wire, WireError> {
    wire.send(&startup(&TLS_REQUEST.to_be_bytes())).await?;
    wire.buffered(1).await?;
    let answer = wire.buffer[wire.start];
    // What came in clear behind the answer would be taken for encrypted words of the server.
    if answer != b'S' || wire.end - wire.start != 1 {
        return Err(WireError::Login(
            "the server does not speak TLS; if that is meant to be, add ?tls=off to its address"
                .to_owned(),
        ));
    }
    let socket: Box<dyn Socket> = tls::encrypt(address, wire.socket).await?;
    Ok(Wire::new(socket))
}

async fn authenticate(wire: &mut Wire, address: &Address) -> Result<(), WireError> {
    let mut scram: Option<Scram> = None;
    let mut is_server_believed = true;
    let mut body = Vec::new();
    loop {
        let tag = wire.message(&mut body).await?;
        if tag == b'E' {
            return Err(WireError::Server(Box::new(ServerError::read(&body))));
        }
        let Some((kind, rest)) = body.split_first_chunk::<4>().filter(|_| tag == b'R') else {
            return Err(protocol("something else than a request to log in"));
        };
        let words = String::from_utf8_lossy(rest).into_owned();
        match (u32::from_be_bytes(*kind), &mut scram) {
            (AUTH_OK, _) if is_server_believed => return Ok(()),
            (AUTH_CLEARTEXT, _) if address.tls() == Tls::Verified => {
                send_password(wire, address.password()).await?;
            }
            (AUTH_MD5, _) => {
                let answer = md5_answer(address.user(), address.password(), rest);
                send_password(wire, &answer).await?;
            }
            (AUTH_SASL, None) if words.split('\0').any(|name| name == MECHANISM) => {
                let exchange = scram.insert(Scram::new(address.password())?);
                is_server_believed = false;
                let first = exchange.first();
                let mut answer = MECHANISM.as_bytes().to_vec();
                answer.push(0);
                answer.extend_from_slice(&(first.len() as u32).to_be_bytes());
                answer.extend_from_slice(first.as_bytes());
                wire.send(&framed(b'p', &answer)?).await?;
            }
            (AUTH_SASL_CONTINUE, Some(exchange)) => {
                let proof = exchange.proof(&words)?;
                wire.send(&framed(b'p', proof.as_bytes())?).await?;
            }
            (AUTH_SASL_FINAL, Some(exchange)) if exchange.is_believed(&words) => {
                is_server_believed = true;
            }
            (AUTH_SASL_FINAL | AUTH_OK, _) => {
                return Err(WireError::Login(
                    "the server did not prove that it knows the password".to_owned(),
                ));
            }
            (AUTH_CLEARTEXT, _) => {
                return Err(WireError::Login(
                    "the server wants the password in clear over a connection without TLS"
                        .to_owned(),
                ));
            }
            _ => {
                return Err(WireError::Login(
                    "the server wants a way to log in other than a password (SCRAM-SHA-256, MD5 or, inside TLS, in clear)".to_owned(),
                ));
            }
        }
    }
}

async fn send_password(wire: &mut Wire, text: &str) -> Result<(), WireError> {
    let mut body = text.as_bytes().to_vec();
    body.push(0);
    wire.send(&framed(b'p', &body)?).await
}

/// `md5` and the hash of (hash of password and user) and the salt.
fn md5_answer(user: &str, password: &str, salt: &[u8]) -> String {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let inner = hex(&Md5::digest(
        [password.as_bytes(), user.as_bytes()].concat(),
    ));
    let outer = Md5::digest([inner.as_bytes(), salt].concat());
    format!("md5{}", hex(&outer))
}

async fn wait_until_ready(wire: &mut Wire) -> Result<(), WireError> {
    let mut body = Vec::new();
    loop {
        match wire.message(&mut body).await? {
            b'K' => {
                let id = body.first_chunk::<4>().copied().unwrap_or_default();
                wire.process_id = u32::from_be_bytes(id);
            }
            b'Z' => return Ok(()),
            b'E' => return Err(WireError::Server(Box::new(ServerError::read(&body)))),
            b'v' => {
                let _ = take_text(&mut body.as_slice());
            }
            tag => {
                let what = format!("a message {:?} before the session began", char::from(tag));
                return Err(io::Error::new(io::ErrorKind::InvalidData, what).into());
            }
        }
    }
}
