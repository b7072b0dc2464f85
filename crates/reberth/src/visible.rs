//! Text from outside, fit for a terminal.

/// The text with everything that could move the cursor, begin a line or turn the reading direction written out, as `\u{1b}`. Names are given by
/// whoever may make a resource; they must not be able to forge what this program says.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Control characters, line and paragraph separators, marks of direction, and what has no width.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor_and_every_script_is_kept() {
        assert_eq!(
            visible("a\x1b[2Kb\nc\u{202e}"),
            "a\\u{1b}[2Kb\\u{a}c\\u{202e}"
        );
        for name in ["größe", "学习平台", "منصة", "पाठ", "web-01 🚀"] {
            assert_eq!(visible(name), name);
        }
    }
}
