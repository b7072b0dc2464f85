//! Which buildpack would take the files: each looks for files of its language.

use reberth_model::estate::Codebase;

use super::File;

/// Files that a buildpack looks for, with the buildpack, in the order in which the platform tries them.
const DETECTED_BY: [(&str, &str); 15] = [
    ("Gemfile", "ruby"),
    ("package.json", "nodejs"),
    ("project.clj", "clojure"),
    ("requirements.txt", "python"),
    ("Pipfile", "python"),
    ("pyproject.toml", "python"),
    ("uv.lock", "python"),
    ("pom.xml", "java"),
    ("build.gradle", "gradle"),
    ("build.gradle.kts", "gradle"),
    ("build.sbt", "scala"),
    ("composer.json", "php"),
    ("index.php", "php"),
    ("go.mod", "go"),
    ("mix.exs", "elixir"),
];

/// Every file that this module looks for.
pub(super) const FILES: &[&str] = &[
    "Gemfile",
    "package.json",
    "project.clj",
    "requirements.txt",
    "Pipfile",
    "pyproject.toml",
    "uv.lock",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "build.sbt",
    "composer.json",
    "index.php",
    "go.mod",
    "mix.exs",
];

pub(super) fn read(file: &File<'_>, code: &mut Codebase) -> Result<(), String> {
    let found = DETECTED_BY.iter().find(|(name, _)| *name == file.name);
    if let Some((_, buildpack)) = found {
        code.build.push("buildpack".to_owned());
        code.buildpacks.push((*buildpack).to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_those_of_the_table() {
        let named: Vec<&str> = DETECTED_BY.iter().map(|(name, _)| *name).collect();
        assert_eq!(named, FILES);
    }
}
