//! Forms that stand in many answers.

use serde::Deserialize;

use crate::item::Identified;

/// Something named by another: `{"id": …, "name": …}`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: String,
}

/// Something of which only the identifier is given.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Reference {
    pub(super) id: String,
}

impl Identified for Named {
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// Names of optional things.
pub(super) fn name_of(named: Option<&Named>) -> Option<String> {
    named.map(|named| named.name.clone())
}

/// An address that may hold a password, of which only the host is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct HostOnly(pub(super) Option<String>);

impl<'de> Deserialize<'de> for HostOnly {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<HostOnly, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(HostOnly(text.as_deref().and_then(host)))
    }
}

/// The host of a text that is an address with a scheme, or `host:port`. Whatever else the text holds is not kept; a part that is not a plain
/// host name is no host.
pub(super) fn host(value: &str) -> Option<String> {
    let first = value.split([',', ' ']).next().unwrap_or_default();
    let host = match first.split_once("://") {
        Some((_, rest)) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let place = authority.rsplit('@').next().unwrap_or_default();
            without_port(place)
        }
        None => match first.rsplit_once(':') {
            Some((place, port)) if port.parse::<u16>().is_ok() => place,
            _ => return None,
        },
    };
    is_host_name(host).then(|| host.to_ascii_lowercase())
}

fn without_port(place: &str) -> &str {
    match place.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => place,
    }
}

/// Letters, digits, dots and hyphens, at least two labels, the last of letters; or an IPv4 address.
fn is_host_name(text: &str) -> bool {
    if text.parse::<std::net::Ipv4Addr>().is_ok() {
        return true;
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let top = text.rsplit('.').next().unwrap_or_default();
    text.contains('.')
        && text.len() <= 253
        && text.split('.').all(is_label)
        && top.len() >= 2
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The API's two forms of a moment (`2021-04-11 09:12:00 +0000` and RFC 3339) as RFC 3339.
pub(super) fn moment(text: &str) -> String {
    match text.strip_suffix(" +0000") {
        Some(utc) => format!("{}Z", utc.replacen(' ', "T", 1)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_of_a_value_is_told() {
        let cases = [
            ("postgres://u:pa@ss@db.example:5432/d", Some("db.example")),
            ("rediss://:secret@Cache.Example:6390", Some("cache.example")),
            ("https://hooks.example/T000/secret", Some("hooks.example")),
            ("mc1.example:11211,mc2.example:11211", Some("mc1.example")),
            ("http://10.0.0.7:80", Some("10.0.0.7")),
            ("https://secret", None),
            ("user:secret", None),
            ("secret:1234", None),
            ("s3cr3t.t0k3n", None),
            ("12:30", None),
            ("", None),
            ("://", None),
        ];
        for (value, expected) in cases {
            assert_eq!(host(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn both_forms_of_a_moment_become_one() {
        assert_eq!(moment("2021-04-11 09:12:00 +0000"), "2021-04-11T09:12:00Z");
        assert_eq!(moment("2021-04-11T09:12:00Z"), "2021-04-11T09:12:00Z");
    }
}
