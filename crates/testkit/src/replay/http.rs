//! Just enough HTTP/1.1: read a request without caring for its body, write an answer with a length.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};

const HEADER_BYTES_MAX: u64 = 64 * 1024;
const BODY_BYTES_MAX: u64 = 1024 * 1024;

/// What was asked.
pub(super) struct Request {
    pub(super) method: String,
    /// The path with its query, as it was asked for.
    pub(super) target: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) authorization: Option<String>,
    pub(super) accept: Option<String>,
    pub(super) range: Option<String>,
    pub(super) if_none_match: Option<String>,
}

impl Request {
    /// The last value of a query parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self.query.iter().rev().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

/// What is answered.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    /// Whether the connection breaks in the middle of the body.
    pub(super) is_cut: bool,
}

/// Answers every request of one connection until either side closes it.
pub(super) fn serve(stream: TcpStream, answer: impl Fn(&Request) -> Response) {
    let Ok(reading) = stream.try_clone() else {
        return;
    };
    let mut reader = BufReader::new(reading);
    let mut writer = stream;
    while let Ok(Some(request)) = read_request(&mut reader) {
        let response = answer(&request);
        let written = write_response(&mut writer, &response);
        if written.is_err() || response.is_cut {
            // The client may have closed it first.
            writer.shutdown(Shutdown::Both).ok();
            return;
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
    let mut head = reader.by_ref().take(HEADER_BYTES_MAX);
    let mut line = String::new();
    if head.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_ascii_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        path: path.trim_end_matches('/').to_owned(),
        query: query.split('&').filter_map(parameter).collect(),
        authorization: None,
        accept: None,
        range: None,
        if_none_match: None,
    };
    let mut body_bytes = 0;
    loop {
        let mut header = String::new();
        if head.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap_or((&header, ""));
        match name.to_ascii_lowercase().as_str() {
            "authorization" => request.authorization = Some(value.trim().to_owned()),
            "accept" => request.accept = Some(value.trim().to_owned()),
            "range" => request.range = Some(value.trim().to_owned()),
            "if-none-match" => request.if_none_match = Some(value.trim().to_owned()),
            "content-length" => body_bytes = value.trim().parse().unwrap_or(0),
            _ => {}
        }
    }
    let body = reader.take(u64::min(body_bytes, BODY_BYTES_MAX));
    io::copy(&mut { body }, &mut io::sink())?;
    Ok(Some(request))
}

fn parameter(pair: &str) -> Option<(String, String)> {
    pair.split_once('=')
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
}

fn write_response(writer: &mut TcpStream, response: &Response) -> io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {} {}\r\n",
        response.status,
        reason(response.status)
    );
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let length = response.body.len();
    head.push_str(&format!(
        "content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    ));
    let sent = if response.is_cut {
        &response.body[..(length / 2).max(1).min(length)]
    } else {
        &response.body[..]
    };
    writer.write_all(&[head.as_bytes(), sent].concat())?;
    writer.flush()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        304 => "Not Modified",
        400..=499 => "Client Error",
        _ => "Server Error",
    }
}
