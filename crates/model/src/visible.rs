//! Text from outside as it may be shown: nothing in it moves the cursor, forges a line or turns the direction of writing.

/// What stands in place of a character that is not shown.
const REPLACEMENT: char = '\u{FFFD}';

/// `text` with every control character, line end and turn of direction replaced by `U+FFFD`. Letters of any script stay.
pub fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if is_hidden(c) { REPLACEMENT } else { c })
        .collect()
}

/// The same for text of several lines of our own: their ends and tabs stay.
pub fn visible_lines(text: &str) -> String {
    text.chars()
        .map(|c| {
            if is_hidden(c) && !matches!(c, '\n' | '\t') {
                REPLACEMENT
            } else {
                c
            }
        })
        .collect()
}

/// Control characters, separators of lines and paragraphs, marks and embeddings of direction, and what takes no room.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}'
                | '\u{2029}'
                | '\u{200B}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{061C}'
                | '\u{FEFF}'
        )
        || ('\u{202A}'..='\u{202E}').contains(&c)
        || ('\u{2066}'..='\u{2069}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_replaced_and_what_is_read_stays() {
        assert_eq!(
            visible("a\x1b[2Jb\r\nc\u{202E}d\u{2028}e\u{9b}f"),
            "a�[2Jb��c�d�e�f"
        );
        let scripts = "データ मुंबई עברית العربية 🚀 ﬁ é";
        assert_eq!(visible(scripts), scripts);
        assert_eq!(visible_lines("a\nb\tc\r"), "a\nb\tc�");
    }
}
