//! Reads the catalog's tables: fields of a line, where a quoted field may hold commas.

/// The fields of one line; a doubled quote within quotes is one quote.
pub(crate) fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(c) = letters.next() {
        let own = fields.last_mut();
        match (c, own) {
            ('"', Some(own)) if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                own.push('"');
            }
            ('"', _) => is_quoted = !is_quoted,
            (',', _) if !is_quoted => fields.push(String::new()),
            (c, Some(own)) => own.push(c),
            (_, None) => {}
        }
    }
    fields
}

/// The lines of a table below its header.
pub(crate) fn rows(table: &str) -> impl Iterator<Item = Vec<String>> {
    table.lines().skip(1).map(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_fields_hold_commas_and_quotes() {
        assert_eq!(fields("a,\"b, \"\"c\"\"\",d"), ["a", "b, \"c\"", "d"]);
        assert_eq!(rows("h\n1,2\n").collect::<Vec<_>>(), [["1", "2"]]);
    }
}
