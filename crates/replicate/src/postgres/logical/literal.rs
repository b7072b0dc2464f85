//! Values as they stand in statements.

use super::decode::Value;

/// The text of a value, if it is one.
pub(super) fn text(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Text(text) => Some(text),
        Value::Null | Value::Unchanged => None,
    }
}

/// A text as a literal; NULL without quotes.
pub(super) fn literal(sql: &mut Vec<u8>, value: &Value) {
    let Some(text) = text(value) else {
        sql.extend_from_slice(b"NULL");
        return;
    };
    sql.push(b'\'');
    for byte in text {
        if *byte == b'\'' {
            sql.push(b'\'');
        }
        sql.push(*byte);
    }
    sql.push(b'\'');
}

/// An array of texts as a literal. Every element stands in quotes, in which the array's own escapes are a backslash and a quote; the literal around it
/// doubles its quotes.
pub(super) fn array<'a>(sql: &mut Vec<u8>, texts: impl Iterator<Item = Option<&'a [u8]>>) {
    sql.extend_from_slice(b"'{");
    let mut is_first = true;
    for text in texts {
        if !std::mem::take(&mut is_first) {
            sql.push(b',');
        }
        let Some(text) = text else {
            sql.extend_from_slice(b"NULL");
            continue;
        };
        sql.push(b'"');
        let mut rest = text;
        while let Some(place) = rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | b'\''))
        {
            sql.extend_from_slice(&rest[..place]);
            sql.push(if rest[place] == b'\'' { b'\'' } else { b'\\' });
            sql.push(rest[place]);
            rest = &rest[place + 1..];
        }
        sql.extend_from_slice(rest);
        sql.push(b'"');
    }
    sql.extend_from_slice(b"}'::text[]");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_and_literals_escape_what_would_end_them() {
        let mut sql = Vec::new();
        array(
            &mut sql,
            [Some(&b"a\"b\\c'd"[..]), None, Some(b"")].into_iter(),
        );
        assert_eq!(sql, br#"'{"a\"b\\c''d",NULL,""}'::text[]"#);
        let mut sql = Vec::new();
        literal(&mut sql, &Value::Text(b"it's \\".as_slice().into()));
        assert_eq!(sql, br"'it''s \'");
    }
}
