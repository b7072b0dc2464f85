//! Types of MariaDB that stand in the log as bytes and are told as text: UUID, INET4, INET6.
//!
//! The text is exactly the server's own, because keys of the log are looked up among keys that the server told.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// Which of these types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spelling {
    /// 16 bytes: hexadecimal digits in five groups.
    Uuid,
    /// Four numbers.
    Inet4,
    /// Eight groups of hexadecimal digits, the longest run of zeros left out.
    Inet6,
}

impl Spelling {
    fn length_bytes(self) -> usize {
        match self {
            Spelling::Inet4 => 4,
            Spelling::Uuid | Spelling::Inet6 => 16,
        }
    }

    /// The server's text for bytes of the log, which leaves zeros at the end out. `None`: there are too many.
    pub fn text(self, mut bytes: Vec<u8>) -> Option<String> {
        if bytes.len() > self.length_bytes() {
            return None;
        }
        bytes.resize(self.length_bytes(), 0);
        match self {
            Spelling::Uuid => Some(uuid(&bytes.try_into().ok()?)),
            Spelling::Inet4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).to_string()),
            Spelling::Inet6 => Some(inet6(&bytes.try_into().ok()?)),
        }
    }
}

/// MariaDB stores a UUID with its node first and its time last, so that those made one after another lie together; but not those of version 6 and
/// later, which are in that order by themselves, nor those without a known variant. A stored byte sequence tells which it is: the sixth byte of one
/// that was turned begins with the variant's bit, and its eighth is a version (`sql_type_uuid.h` of the server, from 10.11.5 and 11.0 on; tables made by
/// older servers turn all, which differs for versions 0 and from 6 on).
fn uuid(stored: &[u8; 16]) -> String {
    let is_turned = stored[6] & 0x80 != 0 && 0_u8.wrapping_sub(stored[8]) & 0x80 != 0;
    let parts: [&[u8]; 5] = if is_turned {
        [
            &stored[12..16],
            &stored[10..12],
            &stored[8..10],
            &stored[6..8],
            &stored[0..6],
        ]
    } else {
        [
            &stored[0..4],
            &stored[4..6],
            &stored[6..8],
            &stored[8..10],
            &stored[10..16],
        ]
    };
    let hex = |part: &[u8]| {
        part.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    parts.map(hex).join("-")
}

/// The first of the longest runs of zeros, even of one, becomes `::`; an address that holds an IPv4 one ends in it.
fn inet6(bytes: &[u8; 16]) -> String {
    let mut groups = [0_u16; 8];
    for (group, pair) in groups.iter_mut().zip(bytes.chunks_exact(2)) {
        *group = u16::from_be_bytes([pair[0], pair[1]]);
    }
    let (gap_start, gap_length) = longest_gap(&groups);
    let is_mapped = groups[..5] == [0; 5] && groups[5] == 0xffff;
    let is_compatible = groups[..6] == [0; 6] && groups[6] != 0;
    let hex_groups = if is_mapped || is_compatible { 6 } else { 8 };
    let mut text = String::new();
    let mut at = 0;
    while at < hex_groups {
        if at == gap_start && gap_length > 0 {
            text.push_str("::");
            at += gap_length;
            continue;
        }
        if !text.is_empty() && !text.ends_with(':') {
            text.push(':');
        }
        text.push_str(&format!("{:x}", groups[at]));
        at += 1;
    }
    if hex_groups == 6 {
        if !text.ends_with(':') {
            text.push(':');
        }
        let last = [bytes[12], bytes[13], bytes[14], bytes[15]];
        text.push_str(&Ipv4Addr::from(last).to_string());
    }
    text
}

/// Where the first of the longest runs of zero groups begins, and how long it is.
fn longest_gap(groups: &[u16; 8]) -> (usize, usize) {
    let mut longest = (0, 0);
    let mut start = 0;
    for (at, group) in groups.iter().enumerate() {
        if *group != 0 {
            start = at + 1;
        } else if at + 1 - start > longest.1 {
            longest = (start, at + 1 - start);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_server() {
        let bytes = |hex: &str| {
            (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect::<Vec<u8>>()
        };
        for (spelling, stored, text) in [
            (
                Spelling::Uuid,
                "8899aabbccddaeff41d4550e8400e29b",
                Some("8400e29b-550e-41d4-aeff-8899aabbccdd"),
            ),
            (
                Spelling::Uuid,
                "017f22e279b07cc398c4dc0c0c07398f",
                Some("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"),
            ),
            (
                Spelling::Uuid,
                "",
                Some("00000000-0000-0000-0000-000000000000"),
            ),
            (Spelling::Inet4, "7f0000", Some("127.0.0.0")),
            (Spelling::Inet4, "7f00000101", None),
            (Spelling::Inet6, "", Some("::")),
            (
                Spelling::Inet6,
                "00000000000000000000000000000005",
                Some("::5"),
            ),
            (
                Spelling::Inet6,
                "00000000000000000000000001020304",
                Some("::1.2.3.4"),
            ),
            (
                Spelling::Inet6,
                "00000000000000000000ffff01020304",
                Some("::ffff:1.2.3.4"),
            ),
            (
                Spelling::Inet6,
                "00010000000200030004000500060007",
                Some("1::2:3:4:5:6:7"),
            ),
            (
                Spelling::Inet6,
                "00010000000000020000000000000003",
                Some("1:0:0:2::3"),
            ),
            (
                Spelling::Inet6,
                "00000000000100000000000000000000",
                Some("0:0:1::"),
            ),
            (
                Spelling::Inet6,
                "00010000000000020003000000000004",
                Some("1::2:3:0:0:4"),
            ),
        ] {
            assert_eq!(spelling.text(bytes(stored)).as_deref(), text, "{stored}");
        }
    }
}
