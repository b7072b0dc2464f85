//! Files that pin the version of a language.

use reberth_model::estate::{Codebase, Runtime};
use serde_json::Value;

use super::File;

/// Files that are nothing but a version, with the language.
const PINS: [(&str, &str); 5] = [
    (".ruby-version", "ruby"),
    (".node-version", "node"),
    (".nvmrc", "node"),
    (".python-version", "python"),
    (".go-version", "go"),
];

/// Every file that this module reads.
pub(super) const FILES: &[&str] = &[
    ".ruby-version",
    ".node-version",
    ".nvmrc",
    ".python-version",
    ".go-version",
    ".tool-versions",
    "runtime.txt",
    "package.json",
    "composer.json",
    "Gemfile",
    "go.mod",
    "system.properties",
    "rust-toolchain",
    "rust-toolchain.toml",
    "pyproject.toml",
    "global.json",
];

pub(super) fn read(file: &File<'_>, code: &mut Codebase) -> Result<(), String> {
    let mut told = |language: &str, version: Option<&str>| {
        code.runtimes.push(Runtime {
            language: language.to_owned(),
            version: version
                .map(|version| version.trim().to_owned())
                .filter(|version| !version.is_empty()),
            file: file.name.to_owned(),
        });
    };
    if let Some((_, language)) = PINS.iter().find(|(name, _)| *name == file.name) {
        let version = file.text.lines().next().unwrap_or_default();
        told(language, Some(version.trim_start_matches("ruby-")));
        return Ok(());
    }
    match file.name {
        ".tool-versions" => tool_versions(file.text, &mut told),
        "runtime.txt" => {
            let line = file.text.lines().next().unwrap_or_default().trim();
            match line.rsplit_once('-') {
                Some((language, version)) => told(language, Some(version)),
                None => return Err("it names no language".to_owned()),
            }
        }
        "package.json" => told("node", field(&json(file)?, "engines", "node").as_deref()),
        "composer.json" => told("php", field(&json(file)?, "require", "php").as_deref()),
        "global.json" => told("dotnet", field(&json(file)?, "sdk", "version").as_deref()),
        "Gemfile" => told("ruby", gemfile_version(file.text)),
        "go.mod" => told("go", after(file.text, "go ")),
        "system.properties" => told("java", after(file.text, "java.runtime.version=")),
        "pyproject.toml" => told("python", toml_value(file.text, "requires-python")),
        "rust-toolchain.toml" => told("rust", toml_value(file.text, "channel")),
        "rust-toolchain" => {
            let channel = toml_value(file.text, "channel");
            told("rust", channel.or_else(|| file.text.lines().next()));
        }
        _ => return Err("this file is not known".to_owned()),
    }
    Ok(())
}

fn json(file: &File<'_>) -> Result<Value, String> {
    serde_json::from_str(file.text)
        .map_err(|error| format!("it is not JSON, at line {}", error.line()))
}

fn field(document: &Value, outer: &str, inner: &str) -> Option<String> {
    document[outer][inner].as_str().map(str::to_owned)
}

/// `ruby 3.2.2`, one language a line.
fn tool_versions(text: &str, told: &mut impl FnMut(&str, Option<&str>)) {
    for line in text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
    {
        let mut words = line.split_whitespace();
        if let (Some(tool), Some(version)) = (words.next(), words.next()) {
            let language = match tool {
                "nodejs" => "node",
                "golang" => "go",
                other => other,
            };
            told(language, Some(version));
        }
    }
}

/// `ruby "3.2.2"` or `ruby '~> 3.2'`.
fn gemfile_version(text: &str) -> Option<&str> {
    let rest = after(text, "ruby ")?;
    let quote = rest
        .chars()
        .next()
        .filter(|quote| ['"', '\''].contains(quote))?;
    rest.get(1..)?.split(quote).next()
}

/// What follows the first line that begins with `start`.
fn after<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.trim_start().strip_prefix(start))
        .map(str::trim)
}

/// The text of `name = "value"`.
fn toml_value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then_some(value.trim())
    })?;
    rest.split('#')
        .next()
        .map(|value| value.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_pin_a_version_is_understood() {
        let cases = [
            (".ruby-version", "ruby-3.2.2\n", "ruby", Some("3.2.2")),
            (".nvmrc", "v20.11.0", "node", Some("v20.11.0")),
            (
                ".tool-versions",
                "# c\nnodejs 20.1.0\n",
                "node",
                Some("20.1.0"),
            ),
            ("runtime.txt", "python-3.12.1\n", "python", Some("3.12.1")),
            (
                "package.json",
                r#"{"engines":{"node":">=20 <21"}}"#,
                "node",
                Some(">=20 <21"),
            ),
            ("package.json", "{}", "node", None),
            (
                "composer.json",
                r#"{"require":{"php":"^8.2"}}"#,
                "php",
                Some("^8.2"),
            ),
            (
                "Gemfile",
                "source 'x'\n  ruby '~> 3.2'\n",
                "ruby",
                Some("~> 3.2"),
            ),
            (
                "Gemfile",
                "gem 'rails'\nruby file: \".ruby-version\"",
                "ruby",
                None,
            ),
            ("go.mod", "module x\n\ngo 1.22\n", "go", Some("1.22")),
            (
                "system.properties",
                "java.runtime.version=21\n",
                "java",
                Some("21"),
            ),
            (
                "pyproject.toml",
                "[project]\nrequires-python = \">=3.11\" # c\n",
                "python",
                Some(">=3.11"),
            ),
            ("rust-toolchain", "1.79\n", "rust", Some("1.79")),
            (
                "global.json",
                r#"{"sdk":{"version":"8.0.100"}}"#,
                "dotnet",
                Some("8.0.100"),
            ),
        ];
        for (name, text, language, version) in cases {
            let mut code = Codebase::default();
            read(&File { name, text }, &mut code).unwrap();
            let told = &code.runtimes[0];
            assert_eq!(
                (told.language.as_str(), told.version.as_deref()),
                (language, version),
                "{name}"
            );
        }
    }
}
