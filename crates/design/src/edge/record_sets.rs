//! Records of a zone as Route 53 has them: all values of one name and type together.
//!
//! Route 53 takes 255 bytes in one piece of a TXT value; longer ones are written as several pieces.

use reberth_model::estate::DnsRecord;

/// Longest piece of a TXT value, before it is escaped.
const TXT_PIECE_BYTES_MAX: usize = 255;
/// Types that a zone of Route 53 takes and that mean the same there.
const CARRIED: [&str; 8] = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"];

/// Whether records of this type and name are carried: those of the zone itself are made by its new host.
pub(super) fn is_carried(record: &DnsRecord, name: &str) -> bool {
    CARRIED.contains(&record.record_type.as_str()) && !(record.record_type == "NS" && name == "@")
}

/// The whole name of a record, without the final dot.
pub(super) fn whole_name(name: &str, zone: &str) -> String {
    match name {
        "@" | "" => zone.to_owned(),
        _ if name == zone || name.ends_with(&format!(".{zone}")) => name.to_owned(),
        _ => format!("{name}.{zone}"),
    }
}

/// What a record says, as Terraform takes it.
pub(super) fn value(record: &DnsRecord, zone: &str) -> String {
    let target = || format!("{}.", host(&record.data, zone));
    let number = |field: Option<u64>| field.unwrap_or(0);
    match record.record_type.as_str() {
        "CNAME" | "NS" => target(),
        "MX" => format!("{} {}", number(record.priority), target()),
        "SRV" => format!(
            "{} {} {} {}",
            number(record.priority),
            number(record.weight),
            number(record.port),
            target()
        ),
        "CAA" => format!(
            "{} {} \"{}\"",
            number(record.flags),
            record.tag.as_deref().unwrap_or("issue"),
            record.data.trim_end_matches('.')
        ),
        "TXT" => pieces(&record.data),
        _ => record.data.clone(),
    }
}

/// A host name that a record points to, without the final dot.
pub(super) fn host(data: &str, zone: &str) -> String {
    match data {
        "@" => zone.to_owned(),
        _ if data.ends_with('.') => data.trim_end_matches('.').to_owned(),
        _ if data.contains('.') => data.to_owned(),
        _ => format!("{data}.{zone}"),
    }
}

/// Terraform puts a TXT value into quotes; between two pieces it wants them written.
fn pieces(text: &str) -> String {
    let pieces = text.as_bytes().chunks(TXT_PIECE_BYTES_MAX).map(escaped);
    pieces.collect::<Vec<_>>().join("\"\"")
}

/// A piece as Route 53 keeps it: a byte outside of printable ASCII as a backslash and three octal digits.
fn escaped(piece: &[u8]) -> String {
    let letters = piece.iter().map(|byte| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(*byte)),
        b' '..=b'~' => char::from(*byte).to_string(),
        _ => format!("\\{byte:03o}"),
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(record_type: &str, data: &str) -> DnsRecord {
        DnsRecord {
            record_type: record_type.to_owned(),
            data: data.to_owned(),
            priority: Some(10),
            weight: Some(5),
            port: Some(5060),
            ..DnsRecord::default()
        }
    }

    #[test]
    fn values_are_written_as_route_53_has_them() {
        for (record_type, data, expected) in [
            ("A", "203.0.113.9", "203.0.113.9"),
            ("CNAME", "@", "school.example."),
            ("CNAME", "other.example.", "other.example."),
            ("CNAME", "shop", "shop.school.example."),
            ("MX", "mail.example.", "10 mail.example."),
            ("SRV", "sip.example.", "10 5 5060 sip.example."),
            ("CAA", "letsencrypt.org.", "0 issue \"letsencrypt.org\""),
            ("TXT", "v=spf1 ~all", "v=spf1 ~all"),
            ("TXT", "a \"b\" \\ é\n", "a \\\"b\\\" \\\\ \\303\\251\\012"),
        ] {
            assert_eq!(
                value(&record(record_type, data), "school.example"),
                expected
            );
        }
        let long = value(&record("TXT", &"k".repeat(400)), "school.example");
        assert_eq!(
            long.split("\"\"").map(str::len).collect::<Vec<_>>(),
            [255, 145]
        );
        // No escape is torn apart.
        let quoted = value(&record("TXT", &"\"".repeat(256)), "school.example");
        assert_eq!(quoted, ["\\\"".repeat(255), "\\\"".to_owned()].join("\"\""));
    }

    #[test]
    fn names_are_whole_once() {
        for (name, expected) in [
            ("@", "school.example"),
            ("www", "www.school.example"),
            ("www.school.example", "www.school.example"),
        ] {
            assert_eq!(whole_name(name, "school.example"), expected);
        }
    }
}
