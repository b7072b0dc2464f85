//! `Dockerfile`: the image that is built. Only its last stage runs.

use std::collections::BTreeMap;

use reberth_model::estate::{CodeProcess, Codebase, Runtime};

use super::{File, exec_form};
use crate::scrubbed::scrubbed;

/// Images of languages, by their name, with the language's word.
const LANGUAGES: [(&str, &str); 11] = [
    ("ruby", "ruby"),
    ("node", "node"),
    ("python", "python"),
    ("golang", "go"),
    ("php", "php"),
    ("rust", "rust"),
    ("openjdk", "java"),
    ("eclipse-temurin", "java"),
    ("elixir", "elixir"),
    ("aspnet", "dotnet"),
    ("denoland/deno", "deno"),
];

pub(super) fn read(file: &File<'_>, code: &mut Codebase) -> Result<(), String> {
    code.build.push("dockerfile".to_owned());
    let mut arguments: BTreeMap<String, String> = BTreeMap::new();
    let mut image = CodeProcess {
        file: file.name.to_owned(),
        name: "image".to_owned(),
        ..CodeProcess::default()
    };
    let (mut entry, mut stages) = (None, 0);
    for (instruction, rest) in instructions(file.text) {
        match instruction.as_str() {
            "ARG" => {
                if let Some((name, value)) = rest.split_once('=') {
                    arguments.insert(
                        name.trim().to_owned(),
                        value.trim_matches(['"', '\'']).to_owned(),
                    );
                }
            }
            "FROM" => {
                stages += 1;
                entry = None;
                let (file, name) = (image.file, image.name);
                image = CodeProcess {
                    file,
                    name,
                    ..CodeProcess::default()
                };
                code.runtimes
                    .extend(language(file_of(&image), &rest, &arguments));
            }
            "EXPOSE" => image.ports.extend(ports(&rest)),
            "CMD" => image.command = Some(command(&rest)),
            "ENTRYPOINT" => entry = Some(command(&rest)),
            "HEALTHCHECK" => image.health_check = health(&rest),
            "USER" => image.user = Some(rest),
            _ => {}
        }
    }
    if stages == 0 {
        return Err("it has no FROM".to_owned());
    }
    image.command = match (entry, image.command) {
        // What the first ends with may name what the second begins with.
        (Some(entry), Some(command)) => Some(scrubbed(&format!("{entry} {command}"))),
        (entry, command) => entry.or(command),
    };
    image.ports.sort_unstable();
    code.processes.push(image);
    Ok(())
}

fn file_of(image: &CodeProcess) -> &str {
    &image.file
}

/// Instructions with what follows them: comments are left out, lines that go on are joined, and the text of a heredoc is stepped over.
fn instructions(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(first) = lines.next() {
        let mut whole = first.trim().to_owned();
        if whole.is_empty() || whole.starts_with('#') {
            continue;
        }
        while whole.ends_with('\\') {
            whole.pop();
            let mut more = lines
                .by_ref()
                .map(str::trim)
                .skip_while(|line| line.starts_with('#'));
            match more.next() {
                Some(line) => whole.push_str(line),
                None => break,
            }
        }
        if let Some(end) = heredoc(&whole) {
            lines.by_ref().find(|line| line.trim() == end);
        }
        if let Some((instruction, rest)) = whole.split_once(char::is_whitespace) {
            found.push((instruction.to_ascii_uppercase(), rest.trim().to_owned()));
        }
    }
    found
}

/// The word that ends the text which begins with `<<EOF`.
fn heredoc(line: &str) -> Option<String> {
    let is_taken = ["RUN", "COPY", "ADD"]
        .iter()
        .any(|name| line.to_ascii_uppercase().starts_with(name));
    let (_, after) = line.split_once("<<").filter(|_| is_taken)?;
    let word = after.trim_start_matches('-').split_whitespace().next()?;
    let word = word.trim_matches(['"', '\'']);
    let is_word = !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_word.then(|| word.to_owned())
}

/// `["a", "b"]` as `a b`, or the text as it stands.
fn command(rest: &str) -> String {
    let words: Option<Vec<String>> = serde_json::from_str(rest).ok();
    scrubbed(&words.map_or_else(|| rest.to_owned(), |words| exec_form::line(&words)))
}

fn ports(rest: &str) -> Vec<u16> {
    let ports = rest
        .split_whitespace()
        .filter_map(|word| word.split('/').next());
    ports.filter_map(|port| port.parse().ok()).collect()
}

/// The command of `--interval=5s CMD curl …`; `NONE` switches an inherited one off.
fn health(rest: &str) -> Option<String> {
    let (_, after) = rest.split_once("CMD")?;
    Some(command(after.trim()))
}

fn language(file: &str, rest: &str, arguments: &BTreeMap<String, String>) -> Option<Runtime> {
    let image = rest
        .split_whitespace()
        .find(|word| !word.starts_with("--"))?;
    let mut image = image.to_owned();
    for (name, value) in arguments {
        image = image
            .replace(&format!("${{{name}}}"), value)
            .replace(&format!("${name}"), value);
    }
    let (path, tag) = image.split_once(':').unwrap_or((&image, ""));
    let name = path.rsplit('/').next().unwrap_or_default();
    let (_, language) = LANGUAGES
        .iter()
        .find(|(known, _)| *known == name || *known == path)?;
    let version = tag
        .split(['-', '@'])
        .next()
        .filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    Some(Runtime {
        language: (*language).to_owned(),
        version: version.map(str::to_owned),
        file: file.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_among_words_of_their_own_are_left_out() {
        for (text, expected) in [
            (
                "FROM a\nCMD [\"redis-server\", \"--requirepass\", \"aB(3)x;y\"]\n",
                "redis-server --requirepass [redacted]",
            ),
            (
                "FROM a\nENTRYPOINT [\"run\", \"--password\"]\nCMD [\"s3cret\"]\n",
                "run --password [redacted]",
            ),
        ] {
            let mut code = Codebase::default();
            let name = "Dockerfile";
            read(&File { name, text }, &mut code).unwrap();
            assert_eq!(code.processes[0].command.as_deref(), Some(expected));
        }
    }

    #[test]
    fn the_last_stage_is_what_runs() {
        let text = "ARG RUBY=3.2.2\nFROM node:20-slim AS assets\nEXPOSE 9000\nRUN <<EOF\nCMD not-this\nEOF\nFROM --platform=linux/amd64 docker.io/library/ruby:${RUBY}-slim\n# c\nRUN a && \\\n  # inside\n  b\nexpose 3000/tcp 9394\nUSER app\nHEALTHCHECK --interval=5s CMD curl -f http://localhost:3000/up\nENTRYPOINT [\"bin/entry\"]\nCMD [\"puma\", \"-p\", \"3000\"]\n";
        let mut code = Codebase::default();
        read(
            &File {
                name: "Dockerfile",
                text,
            },
            &mut code,
        )
        .unwrap();
        let image = &code.processes[0];
        assert_eq!(image.ports, [3000, 9394]);
        assert_eq!(image.command.as_deref(), Some("bin/entry puma -p 3000"));
        assert_eq!(
            image.health_check.as_deref(),
            Some("curl -f http://localhost:3000/up")
        );
        assert_eq!(image.user.as_deref(), Some("app"));
        let versions: Vec<_> = code
            .runtimes
            .iter()
            .map(|runtime| (runtime.language.as_str(), runtime.version.as_deref()))
            .collect();
        assert_eq!(versions, [("node", Some("20")), ("ruby", Some("3.2.2"))]);
        assert!(
            read(
                &File {
                    name: "Dockerfile",
                    text: "# nothing"
                },
                &mut code
            )
            .is_err()
        );
    }
}
