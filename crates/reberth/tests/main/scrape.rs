//! Reads a page of metrics as strictly as Prometheus does.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Values by name and labels.
pub(crate) type Page = BTreeMap<String, f64>;

/// GETs a path and returns the status line and the body.
pub(crate) fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length = format!("Content-Length: {}", body.len());
    assert!(head.lines().any(|line| line == length), "{head}");
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

/// Checks the form of a page, and the conventions of names: HELP, TYPE, then the values of one family together; each series once; counters end in
/// `_total`, nothing else does; base units.
pub(crate) fn parse(body: &str) -> Page {
    assert!(body.ends_with('\n'), "the last line is not ended");
    let (mut page, mut families) = (Page::new(), BTreeMap::new());
    let mut present = String::new();
    let mut lines = body.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, text) = help.split_once(' ').unwrap();
            assert!(
                is_name(name) && name.starts_with("reberth_") && text.len() > 10,
                "{line}"
            );
            let kind = lines
                .next()
                .unwrap()
                .strip_prefix(&format!("# TYPE {name} "))
                .unwrap();
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            for unit in ["_ms", "_millis", "_kb", "_mb", "_minutes"] {
                assert!(!name.contains(unit), "{name} is not in a base unit");
            }
            assert!(
                families.insert(name.to_owned(), 0).is_none(),
                "{name} comes twice"
            );
            present = name.to_owned();
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap();
        assert_eq!(name, present, "a value outside its family");
        check_labels(labels.strip_suffix('}').unwrap());
        *families.get_mut(name).unwrap() += 1;
        assert!(
            page.insert(series.to_owned(), value.parse().unwrap())
                .is_none(),
            "{line} comes twice"
        );
    }
    assert!(
        families.values().all(|values| *values > 0),
        "a family without a value: {families:?}"
    );
    page
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// `name="value"` separated by commas; quotes, backslashes and line feeds in a value are escaped.
fn check_labels(labels: &str) {
    let mut rest = labels;
    while !rest.is_empty() {
        let (name, behind) = rest.split_once("=\"").unwrap();
        assert!(is_name(name), "{labels}");
        let mut end = None;
        let mut is_escaped = false;
        for (at, character) in behind.char_indices() {
            match character {
                _ if is_escaped => is_escaped = !matches!(character, '\\' | '"' | 'n'),
                '\\' => is_escaped = true,
                '"' => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
            assert!(!is_escaped || character == '\\', "{labels}");
        }
        rest = &behind[end.unwrap() + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}
