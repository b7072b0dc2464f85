//! The rules of the repository that no compiler checks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Crates of this workspace that a crate may use; tests may use more. This is the arrow list of ARCHITECTURE.md.
const ARROWS: [(&str, &[&str]); 11] = [
    ("model", &[]),
    ("discover", &["model"]),
    ("assess", &["model"]),
    ("design", &["model"]),
    ("generate", &["model"]),
    ("journal", &["model"]),
    ("replicate", &["model", "journal"]),
    ("cutover", &["model", "journal", "replicate"]),
    ("provision", &["model", "journal"]),
    ("testkit", &[]),
    (
        "reberth",
        &[
            "model",
            "discover",
            "assess",
            "design",
            "generate",
            "journal",
            "replicate",
            "cutover",
            "provision",
            "testkit",
        ],
    ),
];

/// Crates without I/O, clock or environment, and all that they may use from outside.
const PURE: [&str; 4] = ["model", "assess", "design", "generate"];
const PURE_MAY_USE: [&str; 7] = [
    "ipnet",
    "schemars",
    "serde",
    "serde_json",
    "serde_norway",
    "sha2",
    "thiserror",
];

const FORBIDDEN_MODULES: [&str; 7] = [
    "utils", "util", "common", "helpers", "types", "misc", "manager",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// Every file of the repository with this ending, without what is built.
fn files(ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if ![".git", ".reberth", "target", "build"].contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names under `[dependencies]` of a manifest.
fn dependencies(name: &str) -> BTreeSet<String> {
    let manifest = read(&root().join("crates").join(name).join("Cargo.toml"));
    let section = manifest
        .split("\n[dependencies]\n")
        .nth(1)
        .unwrap_or_default();
    section
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name))
        .filter(|name| !name.starts_with('#'))
        .map(|name| name.trim().trim_end_matches(".workspace").to_owned())
        .collect()
}

#[test]
fn crates_use_each_other_along_the_arrows_only() {
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    let present: Vec<String> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        present.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        known
    );
    for (name, may_use) in ARROWS {
        for dependency in dependencies(name) {
            if let Some(used) = dependency.strip_prefix("reberth-") {
                assert!(may_use.contains(&used), "{name} may not use {used}");
            } else if PURE.contains(&name) {
                assert!(
                    PURE_MAY_USE.contains(&dependency.as_str()),
                    "{name} is pure and may not use {dependency}"
                );
            }
        }
    }
}

#[test]
fn pure_crates_touch_neither_disk_nor_clock_nor_environment() {
    for name in PURE {
        for path in files(".rs")
            .iter()
            .filter(|path| path.starts_with(root().join("crates").join(name).join("src")))
        {
            let text = read(path);
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for word in [
                "std::fs",
                "std::env",
                "TcpStream",
                "UdpSocket",
                "ToSocketAddrs",
                "std::process",
                "SystemTime",
                "Instant::now",
            ] {
                assert!(!code.contains(word), "{} uses {word}", path.display());
            }
        }
    }
}

#[test]
fn no_module_is_called_after_nothing() {
    for path in files(".rs") {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let folder = path
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        for name in [stem, folder] {
            let is_test = path
                .components()
                .any(|part| part == Component::Normal("tests".as_ref()));
            assert!(
                is_test || !FORBIDDEN_MODULES.contains(&name.as_str()),
                "{}",
                path.display()
            );
        }
    }
}

/// Error codes in a text: `RB-`, three capitals, three digits.
fn codes(text: &str) -> BTreeSet<String> {
    let is_code = |code: &str| {
        let bytes = code.as_bytes();
        bytes[3..6].iter().all(u8::is_ascii_uppercase)
            && bytes[6] == b'-'
            && bytes[7..10].iter().all(u8::is_ascii_digit)
    };
    text.match_indices("RB-")
        .filter_map(|(at, _)| text.get(at..at + 10))
        .filter(|code| is_code(code))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_error_code_has_a_page_and_every_page_a_code() {
    let sources = files(".rs")
        .into_iter()
        .filter(|path| path.to_string_lossy().contains("/src/"));
    let in_code: BTreeSet<String> = sources.flat_map(|path| codes(&read(&path))).collect();
    let pages: BTreeMap<String, PathBuf> = files(".md")
        .into_iter()
        .filter(|path| path.parent().unwrap().ends_with("docs/errors"))
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                path,
            )
        })
        .filter(|(code, _)| code != "README")
        .collect();
    let in_pages: BTreeSet<String> = pages.keys().cloned().collect();
    assert!(in_code.len() > 50, "the codes were not found: {in_code:?}");
    assert_eq!(
        in_code.difference(&in_pages).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "codes without a page"
    );
    assert_eq!(
        in_pages.difference(&in_code).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "pages without a code"
    );
    for (code, path) in pages {
        let text = read(&path);
        assert!(
            text.starts_with(&format!("# {code}: ")),
            "{}",
            path.display()
        );
        assert!(
            text.contains("just retry"),
            "{} does not say whether to retry",
            path.display()
        );
    }
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    let mut checked = 0;
    for path in files(".md") {
        // Generated files speak of the project they are generated into.
        if path.to_string_lossy().contains("/golden/") {
            continue;
        }
        let text = read(&path);
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            checked += 1;
            assert!(
                path.parent().unwrap().join(target).exists(),
                "{} links to {target}",
                path.display()
            );
        }
    }
    assert!(checked > 5, "no links were found");
}

#[test]
fn nothing_is_left_for_later_and_no_machine_is_named() {
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("#[", "ignore]"),
        concat!("#[", "allow("),
    ];
    for ending in [
        ".rs", ".md", ".toml", ".py", ".yaml", "Makefile", "run", "setup",
    ] {
        for path in files(ending) {
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            for word in words {
                assert!(!text.contains(word), "{} holds {word}", path.display());
            }
        }
    }
}

#[test]
fn every_crate_has_its_place_and_its_invariants_in_the_architecture() {
    let text = read(&root().join("ARCHITECTURE.md"));
    for (name, _) in ARROWS {
        assert!(
            text.contains(&format!("`crates/{name}`")),
            "{name} has no place in the map"
        );
    }
    for path in files(".rs") {
        for line in read(&path)
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("//! Invariant: "))
        {
            assert!(text.contains(line), "{}: {line}", path.display());
        }
    }
}

#[test]
fn the_reference_names_every_variable_and_every_command() {
    let reference = read(&root().join("docs/reference/cli.md"));
    let environment = read(&root().join("crates/reberth/src/environment.rs"));
    let variables: Vec<&str> = environment
        .lines()
        .filter(|line| line.contains(": &str = \""))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    assert!(!variables.is_empty());
    let cli = read(&root().join("crates/reberth/src/cli.rs"));
    let commands = cli
        .split("pub(crate) enum Command {")
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap();
    let commands = commands
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
        .map(|line| {
            line.trim_end_matches(',')
                .split('(')
                .next()
                .unwrap()
                .to_lowercase()
        });
    for name in variables
        .into_iter()
        .map(str::to_owned)
        .chain(commands.map(|name| format!("reberth {name}")))
    {
        assert!(
            reference.contains(&name),
            "{name} is not in docs/reference/cli.md"
        );
    }
}
