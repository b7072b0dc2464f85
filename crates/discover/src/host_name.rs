//! Hosts in texts that may hold more, such as a password.

/// The host of a text that is an address with a scheme, or `host:port`. Whatever else the text holds is not kept; a part that is not a plain
/// host name is no host.
pub(crate) fn host(value: &str) -> Option<String> {
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
pub(crate) fn is_host_name(text: &str) -> bool {
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

/// Host and port of an address that may hold a name and a password; a name without dots is one too. Nothing else of it is kept.
pub(crate) fn host_and_port(target: &str) -> Option<String> {
    let rest = target.split_once("://").map_or(target, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let place = authority.rsplit('@').next()?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    let is_place = !place.is_empty() && place.bytes().all(is_part);
    is_place.then(|| place.to_owned())
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
    fn host_and_port_are_kept_and_nothing_else() {
        let cases = [
            ("http://u:secret@10.0.0.8:8080/x?y", Some("10.0.0.8:8080")),
            ("http://backend", Some("backend")),
            ("[::1]:3000", Some("[::1]:3000")),
            ("http://$upstream", None),
            ("", None),
        ];
        for (target, expected) in cases {
            assert_eq!(host_and_port(target).as_deref(), expected, "{target}");
        }
    }
}
