//! Commands that are told word by word, as lines that a shell would read the same way.

/// The words in one line, with quotes around those that a shell would cut or read otherwise. Names of variables stay what they are: Compose knows them
/// within words as well. What stands behind `CMD-SHELL` is a line already.
pub(super) fn line(words: &[String]) -> String {
    match words {
        [one] => one.clone(),
        [shell, script] if shell == "CMD-SHELL" => format!("{shell} {script}"),
        _ => words
            .iter()
            .map(|word| quoted(word))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-+=:,./@%$?{}[]^".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    // Within single quotes `$NAME` would be no variable.
    if !word.contains(['\'', '$']) {
        return format!("'{word}'");
    }
    let mut quoted = String::from("\"");
    for letter in word.chars() {
        if matches!(letter, '"' | '\\' | '`') {
            quoted.push('\\');
        }
        quoted.push(letter);
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_apart_as_they_are_told() {
        for (words, expected) in [
            (&["puma", "-p", "3000"][..], "puma -p 3000"),
            (&["sh", "-c", "a; b \"$C\""], "sh -c \"a; b \\\"$C\\\"\""),
            (&["run", "aB(3)x", "", "$PORT"], "run 'aB(3)x' '' $PORT"),
            (&["run", "don't x"], "run \"don't x\""),
            (&["CMD-SHELL", "a || exit 1"], "CMD-SHELL a || exit 1"),
            (&["rake x && y"], "rake x && y"),
        ] {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(line(&words), expected);
        }
    }
}
