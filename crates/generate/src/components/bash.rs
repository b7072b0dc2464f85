//! Words and comments of scripts within documents.

/// Longest comment; what is longer is cut, since nothing depends on it.
const COMMENT_CHARACTERS_MAX: usize = 200;

/// One word of a script that means itself, whatever stands in it.
///
/// Plain texts are quoted as people do it. Every other byte is written by its number: a line end would leave the
/// block of the document, and two braces would open an expression of the service.
pub(super) fn word(text: &str) -> String {
    let is_plain = |c: char| (c.is_ascii_graphic() || c == ' ') && c != '\'';
    if text.chars().all(is_plain) && !text.contains("{{") {
        return format!("'{text}'");
    }
    let bytes = text.bytes().map(|byte| match byte {
        b'\'' | b'\\' | b'{' => format!("\\x{byte:02x}"),
        byte if byte.is_ascii_graphic() || byte == b' ' => char::from(byte).to_string(),
        byte => format!("\\x{byte:02x}"),
    });
    format!("$'{}'", bytes.collect::<String>())
}

/// A text that cannot leave its comment.
pub(super) fn comment(text: &str) -> String {
    let plain = |c: char| match c {
        '{' | '}' => '|',
        c if c.is_alphanumeric() || c.is_ascii_graphic() => c,
        _ => ' ',
    };
    let text: String = text.chars().map(plain).collect();
    match text.char_indices().nth(COMMENT_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The lines of an array of words.
pub(super) fn array(name: &str, words: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines = vec![format!("{name}=(")];
    lines.extend(words.map(|word| format!("  {word}")));
    lines.push(")".to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn bash_reads_every_word_as_it_was() {
        for text in [
            "nginx",
            "a b",
            "it's",
            "$(id)",
            "`id`",
            "x\ny",
            "{{ Repository }}",
            "é☃",
            "\\x41\\",
            "*",
            "",
            "\t",
            "a\"b",
            "!x",
        ] {
            let script = format!("printf '%s.' {}", word(text));
            let output = Command::new("bash").args(["-c", &script]).output().unwrap();
            assert_eq!(
                String::from_utf8(output.stdout).unwrap(),
                format!("{text}."),
                "{script}"
            );
            assert!(!script.contains('\n') && !script.contains("{{"), "{script}");
        }
    }

    #[test]
    fn a_comment_stays_on_its_line() {
        assert_eq!(comment("a\nb {{ c }}\u{2028}d"), "a b || c || d");
    }
}
