//! As much of HTTP as a scraper needs: GET of two paths, one request a connection, every wait and length bounded.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// Connections served at a time; others wait in the backlog.
const CONNECTIONS: usize = 16;
/// How long one connection may take in all.
const CONNECTION_LIMIT: Duration = Duration::from_secs(10);
/// Bytes of a request that are read at the most.
const REQUEST_BYTES: usize = 8 * 1024;
/// Wait after a connection could not be taken, as when the process has no descriptor left.
const ACCEPT_WAIT: Duration = Duration::from_millis(200);

/// Serves for as long as it is let. A connection that goes wrong is the scraper's to repeat.
pub(super) async fn serve(listener: TcpListener, pages: watch::Receiver<String>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    // Nobody closes the semaphore.
    while let Ok(share) = room.clone().acquire_owned().await {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_WAIT).await;
            continue;
        };
        let page = pages.borrow().clone();
        connections.spawn(async move {
            let _ = tokio::time::timeout(CONNECTION_LIMIT, answer(stream, page)).await;
            drop(share);
        });
    }
}

async fn answer(mut stream: TcpStream, page: String) -> std::io::Result<()> {
    let request = read_head(&mut stream).await?;
    let mut words = request.split(' ');
    let (method, path) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let path = path.split('?').next().unwrap_or_default();
    let (status, body) = match (method, path) {
        ("GET" | "HEAD", "/metrics") => ("200 OK", page.as_str()),
        ("GET" | "HEAD", "/") => ("200 OK", "metrics are at /metrics\n"),
        ("GET" | "HEAD", _) => ("404 Not Found", "metrics are at /metrics\n"),
        _ => ("405 Method Not Allowed", "only GET is answered\n"),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    if method != "HEAD" {
        stream.write_all(body.as_bytes()).await?;
    }
    stream.shutdown().await
}

/// The head of a request, read to its empty line so that the answer is not cut off by what was left unread.
async fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    let mut part = [0; 1024];
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") && head.len() < REQUEST_BYTES {
        let read = stream.read(&mut part).await?;
        if read == 0 {
            break;
        }
        head.extend_from_slice(&part[..read]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
