//! MySQL's binary JSON as the text that the server itself would show.
//!
//! A copied row brings the server's text, a logged one the binary form. On a target that keeps JSON as text (MariaDB) both must be the same to the last byte,
//! so order, blanks, escapes and numbers are written as the server writes them, and decimals stay decimals. The layout is that of MySQL's
//! `sql-common/json_binary.h`: a type, then for objects and arrays a count, a size, and tables of places counted from the count on.

use mysql_common::binlog::decimal::Decimal;

use super::event::Fields;

/// Deeper than a server allows.
const DEPTH_MAX: usize = 110;

/// The text of a document; `None` if it is broken.
pub(crate) fn text(document: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(document.len() * 2);
    match document.split_first() {
        // The server reads nothing as the literal.
        None => text.push_str("null"),
        Some((kind, value)) => write_value(*kind, value, 0, &mut text)?,
    }
    Some(text)
}

fn write_value(kind: u8, value: &[u8], depth: usize, text: &mut String) -> Option<()> {
    let mut fields = Fields(value);
    match kind {
        0..=3 if depth < DEPTH_MAX => write_container(kind, value, depth, text)?,
        4 => text.push_str(match fields.byte()? {
            0 => "null",
            1 => "true",
            2 => "false",
            _ => return None,
        }),
        5 => text.push_str(&(fields.number(2)? as u16 as i16).to_string()),
        6 => text.push_str(&fields.number(2)?.to_string()),
        7 => text.push_str(&(fields.number(4)? as u32 as i32).to_string()),
        8 => text.push_str(&fields.number(4)?.to_string()),
        9 => text.push_str(&(fields.number(8)? as i64).to_string()),
        10 => text.push_str(&fields.number(8)?.to_string()),
        11 => text.push_str(&double(f64::from_bits(fields.number(8)?))),
        12 => {
            let length = varied_length(&mut fields)?;
            write_string(std::str::from_utf8(fields.bytes(length)?).ok()?, text);
        }
        15 => {
            let kind = fields.byte()?;
            let length = varied_length(&mut fields)?;
            write_opaque(kind, fields.bytes(length)?, text)?;
        }
        _ => return None,
    }
    Some(())
}

/// A number in pieces of seven bits, lowest first; the eighth bit says that more follow.
fn varied_length(fields: &mut Fields<'_>) -> Option<usize> {
    let mut length = 0;
    for place in 0..5 {
        let byte = fields.byte()?;
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
    None
}

/// Small ones have numbers of two bytes, large ones of four.
fn write_container(kind: u8, value: &[u8], depth: usize, text: &mut String) -> Option<()> {
    let (is_object, width) = (kind < 2, if matches!(kind, 0 | 2) { 2 } else { 4 });
    let mut fields = Fields(value);
    let (count, size) = (fields.number(width)?, fields.number(width)? as usize);
    let inside = value.get(..size)?;
    let mut keys = fields;
    if is_object {
        fields.skip((count as usize).checked_mul(width + 2)?)?;
    }
    text.push(if is_object { '{' } else { '[' });
    for number in 0..count {
        if number > 0 {
            text.push_str(", ");
        }
        if is_object {
            let (start, length) = (keys.number(width)? as usize, keys.number(2)? as usize);
            let key = inside.get(start..start.checked_add(length)?)?;
            write_string(std::str::from_utf8(key).ok()?, text);
            text.push_str(": ");
        }
        let kind = fields.byte()?;
        let held = fields.bytes(width)?;
        // What fits stands in the table itself.
        let is_inline = (4..=6).contains(&kind) || (width == 4 && (7..=8).contains(&kind));
        if is_inline {
            write_value(kind, held, depth + 1, text)?;
        } else {
            let start = Fields(held).number(width)? as usize;
            write_value(kind, inside.get(start..)?, depth + 1, text)?;
        }
    }
    text.push(if is_object { '}' } else { ']' });
    Some(())
}

fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            control if control < ' ' => text.push_str(&format!("\\u{:04x}", control as u32)),
            character => text.push(character),
        }
    }
    text.push('"');
}

/// The shortest digits that read back as the number, without an exponent as long as the point stands within 15 places; always seen to be a double.
fn double(number: f64) -> String {
    let shortest = format!("{number:e}");
    let Some((digits, exponent)) = shortest.split_once('e') else {
        return shortest;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-15..15).contains(&exponent) && number != 0.0 {
        return format!("{digits}e{exponent}");
    }
    let plain = format!("{number}");
    if plain.contains('.') {
        plain
    } else {
        format!("{plain}.0")
    }
}

/// Values of SQL inside a document: decimals as numbers, dates and times as texts, all others in base 64 behind their type.
fn write_opaque(kind: u8, value: &[u8], text: &mut String) -> Option<()> {
    const TIMESTAMP: u8 = 7;
    const DATE: u8 = 10;
    const TIME: u8 = 11;
    const DATETIME: u8 = 12;
    const DECIMAL: u8 = 246;
    match kind {
        DECIMAL => {
            let (precision, scale) = (*value.first()?, *value.get(1)?);
            if scale > precision || precision > 65 {
                return None;
            }
            let mut digits = value.get(2..)?;
            let decimal = Decimal::read_bin(&mut digits, precision.into(), scale.into(), false);
            text.push_str(&decimal.ok()?.to_string());
        }
        TIMESTAMP | DATE | TIME | DATETIME => {
            let packed = Fields(value).number(8)? as i64;
            let (whole, micros) = (packed.abs() >> 24, packed.abs() & 0xff_ffff);
            let (hour, minute, second) = (whole >> 12, (whole >> 6) & 0x3f, whole & 0x3f);
            let (days, hour_of_day) = (whole >> 17, hour & 0x1f);
            let (year, month, day) = ((days >> 5) / 13, (days >> 5) % 13, days & 0x1f);
            let sign = if packed < 0 { "-" } else { "" };
            text.push_str(&match kind {
                DATE => format!("\"{year:04}-{month:02}-{day:02}\""),
                TIME => format!(
                    "\"{sign}{:02}:{minute:02}:{second:02}.{micros:06}\"",
                    hour & 0x3ff
                ),
                _ => format!(
                    "\"{year:04}-{month:02}-{day:02} {hour_of_day:02}:{minute:02}:{second:02}.{micros:06}\""
                ),
            });
        }
        _ => {
            text.push_str(&format!("\"base64:type{kind}:"));
            write_base64(value, text);
            text.push('"');
        }
    }
    Some(())
}

fn write_base64(bytes: &[u8], text: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for some in bytes.chunks(3) {
        let byte = |place: usize| u32::from(some.get(place).copied().unwrap_or_default());
        let number = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(number >> (18 - 6 * place)) as usize & 0x3f];
            text.push(if place <= some.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_look_as_the_server_shows_them() {
        for (number, shown) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e14, "100000000000000.0"),
            (1e15, "1e15"),
            (1.5e300, "1.5e300"),
            (1e-15, "0.000000000000001"),
            (1e-16, "1e-16"),
        ] {
            assert_eq!(double(number), shown);
        }
    }

    #[test]
    fn broken_documents_are_refused() {
        // {"a": [1, "x"]}
        let document = [
            0, 1, 0, 24, 0, 11, 0, 1, 0, 2, 12, 0, b'a', 2, 0, 12, 0, 5, 1, 0, 12, 10, 0, 1, b'x',
        ];
        assert_eq!(text(&document).as_deref(), Some("{\"a\": [1, \"x\"]}"));
        for length in 1..document.len() {
            assert_eq!(text(&document[..length]), None, "{length}");
        }
    }
}
