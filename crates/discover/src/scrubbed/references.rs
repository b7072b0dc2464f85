//! What stands in the place of a secret: names of variables, and commands that read it.

use reberth_model::estate::REDACTED;

use super::shell::{self, Group, Part};

/// Programs that print what they read elsewhere.
const READERS: [&str; 40] = [
    "age",
    "aws",
    "az",
    "berglas",
    "bw",
    "cat",
    "chamber",
    "consul",
    "credstash",
    "curl",
    "cut",
    "docker",
    "doctl",
    "doppler",
    "envdir",
    "etcdctl",
    "gcloud",
    "gh",
    "git",
    "gopass",
    "gpg",
    "grep",
    "head",
    "heroku",
    "infisical",
    "jq",
    "keyring",
    "kubectl",
    "lpass",
    "op",
    "pass",
    "printenv",
    "rbw",
    "security",
    "sops",
    "tail",
    "uuidgen",
    "vault",
    "wget",
    "yq",
];
/// Programs that print their own words.
const PRINTERS: [&str; 2] = ["echo", "printf"];

/// Whether a value is empty or nothing but what was left out before and, where a shell `expands` them, names of variables and what a command reads.
pub(super) fn is_open(value: &str, expands: bool) -> bool {
    let mut rest = without_scheme(value);
    let mut is_reference = rest.is_empty();
    while let Some(letter) = rest.chars().next() {
        let length = match reference_length(rest, expands) {
            Some(length) => {
                is_reference = true;
                length
            }
            None if ":@/.,-_ \"\\".contains(letter) => letter.len_utf8(),
            None => return false,
        };
        rest = &rest[length..];
    }
    is_reference
}

/// How a header says what follows; it is no secret itself.
pub(super) fn without_scheme(value: &str) -> &str {
    match value.split_once(' ') {
        Some((scheme, rest)) if is_scheme(scheme) => rest.trim_start(),
        _ => value,
    }
}

pub(super) fn is_scheme(word: &str) -> bool {
    word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic")
}

/// Length of `$NAME`, `${NAME}`, `$(…)` or of what was left out, when `text` begins with it.
fn reference_length(text: &str, expands: bool) -> Option<usize> {
    if text.starts_with(REDACTED) {
        return Some(REDACTED.len());
    }
    if !expands {
        return None;
    }
    if let Some(group) = Group::at(text).filter(Group::is_substitution) {
        return prints_no_secret(group.inner).then_some(group.length());
    }
    // Files of Compose write `$$` for one that the shell shall see.
    let name = text.strip_prefix('$')?.trim_start_matches('$');
    let dollars = text.len() - name.len();
    let Some(inner) = name.strip_prefix('{') else {
        let length = name_length(name);
        let is_argument = name.starts_with(['@', '*', '?', '#']);
        let length = if is_argument { 1 } else { length };
        return (length > 0).then_some(dollars + length);
    };
    let end = inner.find('}')?;
    let behind = &inner[..end][name_length(&inner[..end])..];
    // What stands there when the variable is not set is a value like any other.
    let default = behind.trim_start_matches([':', '-', '=']);
    let is_plain = behind.is_empty() || behind.trim_start_matches(':').starts_with('?');
    (is_plain || is_open(default, expands)).then_some(dollars + 1 + end + 1)
}

/// Whether what a substitution runs prints only what it reads elsewhere, so that no secret is in its own words.
fn prints_no_secret(script: &str) -> bool {
    if script.contains("<<") {
        return false;
    }
    let (mut programs, mut words) = (Vec::new(), Vec::new());
    for part in shell::parts(script, true) {
        match part {
            Part::Blank => {}
            Part::Mark(_) => programs.push(std::mem::take(&mut words)),
            Part::Word { text, .. } => words.push(text),
        }
    }
    programs.push(words);
    programs.retain(|words| !words.is_empty());
    let reads = programs.first().is_some_and(|words| is_reader(words));
    reads && programs.iter().all(|words| prints_references(words))
}

/// Whether a program reads what it prints, or is one of its own without an argument.
fn is_reader(words: &[&str]) -> bool {
    let is_setting = |word: &&&str| word.contains('=') || **word == "sudo";
    let own: Vec<_> = words.iter().skip_while(is_setting).collect();
    let Some(name) = own.first().and_then(|word| word.rsplit('/').next()) else {
        return false;
    };
    let draws = own.starts_with(&[&"openssl", &"rand"]);
    let is_known = READERS.contains(&name) || PRINTERS.contains(&name);
    is_known || draws || own.len() == 1 || name.starts_with('<')
}

/// Whether `echo` and `printf` have nothing but options and references to print; other programs print what they read.
fn prints_references(words: &[&str]) -> bool {
    let is_printed = |word: &&str| {
        let own = shell::bare(word);
        let account = own.split_once(':').map(|(_, password)| password);
        let is_format = own.replace("%s", "").replace("\\n", "");
        let expands = !word.starts_with('\'');
        own.starts_with('-')
            || is_format.trim_matches(':').is_empty()
            || account.is_some_and(|password| is_open(password, expands))
            || is_open(own, expands)
    };
    let is_printer = words.first().is_some_and(|name| PRINTERS.contains(name));
    !is_printer || words[1..].iter().all(is_printed)
}

fn name_length(text: &str) -> usize {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.find(|letter| !is_of_name(letter))
        .unwrap_or(text.len())
}
