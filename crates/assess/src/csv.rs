//! Reads the comma-separated tables of the catalog (RFC 4180: quotes around a field, doubled inside it).

/// The records of a table, without its header line; every record has as many fields as the header.
pub(crate) fn records(text: &str) -> Vec<Vec<String>> {
    let mut lines = text.lines().map(fields);
    let width = lines.next().map_or(0, |header| header.len());
    lines.filter(|record| record.len() == width).collect()
}

/// The fields of one line. No table of the catalog has a line break inside a field.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let last = fields.len() - 1;
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                fields[last].push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => fields[last].push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_and_quotes() {
        let table = "a,b\n1,\"x, y\"\n\"say \"\"hi\"\"\",\n";
        assert_eq!(records(table), [["1", "x, y"], ["say \"hi\"", ""]]);
    }
}
