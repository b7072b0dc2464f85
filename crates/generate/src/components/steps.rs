//! The steps of a document: what is done to an image, what must then be so, and what must be so on a server that it starts.

use reberth_model::design::{Contents, FoundRuntime, Service};

use super::bash::{array, comment, word};
use super::site;

/// Most characters of a list in one step.
const LIST_CHARACTERS_MAX: usize = 6_000;
/// What every script begins with: it ends at its first failure.
const STRICT: &str = "set -euo pipefail";
/// Installs what follows it, with the system's own program.
const INSTALL: [&str; 9] = [
    "install_packages() {",
    "  if command -v apt-get >/dev/null; then",
    "    export DEBIAN_FRONTEND=noninteractive",
    "    apt-get update -q",
    "    apt-get install -y -q --no-install-recommends \"$@\"",
    "  else",
    "    dnf install -y \"$@\"",
    "  fi",
    "}",
];

/// When a step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// While the image is made.
    Build,
    /// Before it is kept.
    Validate,
    /// On a server that was started from it.
    Test,
}

impl Phase {
    /// All, in their order.
    pub(super) const ALL: [Phase; 3] = [Phase::Build, Phase::Validate, Phase::Test];

    /// The service's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Phase::Build => "build",
            Phase::Validate => "validate",
            Phase::Test => "test",
        }
    }
}

/// One step.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) phase: Phase,
    pub(super) name: String,
    pub(super) script: Vec<String>,
}

/// The steps of a service, in their order.
pub(super) fn of(service: &Service, mounts_shared: bool) -> Vec<Step> {
    let contents = &service.arrival.contents;
    let mut steps = packages(contents);
    steps.extend(accounts(contents));
    if mounts_shared {
        steps.push(file_client());
    }
    steps.push(release());
    steps.extend(site::steps(service));
    steps.extend(units(contents));
    steps.extend(schedules(contents));
    steps.extend(runtimes(&contents.runtimes));
    steps.push(agent());
    steps
}

pub(super) fn step(phase: Phase, name: &str, lines: Vec<String>) -> Step {
    let mut script = vec![STRICT.to_owned()];
    script.extend(lines);
    Step {
        phase,
        name: name.to_owned(),
        script,
    }
}

pub(super) fn lines(text: &[&str]) -> Vec<String> {
    text.iter().map(|line| (*line).to_owned()).collect()
}

/// Lists of words that are short enough for one step each.
fn lists(words: impl Iterator<Item = String>) -> Vec<Vec<String>> {
    let mut lists: Vec<Vec<String>> = Vec::new();
    let mut characters = 0;
    for word in words {
        characters += word.chars().count() + 20;
        match lists.last_mut() {
            Some(last) if characters <= LIST_CHARACTERS_MAX => last.push(word),
            _ => {
                characters = word.chars().count();
                lists.push(vec![word]);
            }
        }
    }
    lists
}

/// `Packages`, `Packages2`, …
fn numbered(name: &str, index: usize) -> String {
    match index {
        0 => name.to_owned(),
        _ => format!("{name}{}", index + 1),
    }
}

/// Packages are installed in the version of the new system; the one of the source stands beside them.
fn packages(contents: &Contents) -> Vec<Step> {
    let words = contents
        .packages
        .iter()
        .map(|own| format!("{} # {}", word(&own.name), comment(&own.version)));
    let mut steps = Vec::new();
    for (index, list) in lists(words).into_iter().enumerate() {
        let mut install = lines(&INSTALL);
        install.extend(array("packages", list.iter().cloned()));
        install.push("install_packages \"${packages[@]}\"".to_owned());
        steps.push(step(Phase::Build, &numbered("Packages", index), install));
    }
    steps
}

fn accounts(contents: &Contents) -> Option<Step> {
    let create = contents.accounts.iter().map(|name| {
        let name = word(name);
        format!("id -u {name} >/dev/null 2>&1 || useradd --system --create-home --shell /usr/sbin/nologin {name}")
    });
    let create: Vec<String> = create.collect();
    (!create.is_empty()).then(|| step(Phase::Build, "Accounts", create))
}

/// The client by which servers mount file systems. Debian's family has no package of it, so it is built as its makers tell.
fn file_client() -> Step {
    let mut script = lines(&[
        "command -v mount.efs >/dev/null && exit 0",
        "if ! command -v apt-get >/dev/null; then dnf install -y amazon-efs-utils; exit 0; fi",
    ]);
    script.extend(lines(&INSTALL));
    script.extend(lines(&[
        "install_packages git binutils rustc cargo pkg-config libssl-dev gettext golang cmake perl",
        "folder=$(mktemp -d)",
        "git clone --quiet --depth 1 https://github.com/aws/efs-utils \"$folder\"",
        "(cd \"$folder\" && ./build-deb.sh)",
        "apt-get install -y -q \"$folder\"/build/amazon-efs-utils*.deb",
        "rm -rf \"$folder\"",
        "command -v mount.efs",
    ]));
    step(Phase::Build, "FileClient", script)
}

/// The application comes out of its repository; a token for it is read while it is fetched and kept nowhere.
fn release() -> Step {
    let mut script = lines(&[
        "repository='{{ Repository }}'",
        "if [ \"$repository\" = none ]; then",
        "  echo 'No repository was named: this image holds no application.'",
        "  exit 0",
        "fi",
    ]);
    script.extend(lines(&INSTALL));
    script.extend(lines(&[
        "command -v git >/dev/null || install_packages git",
        "export GIT_TERMINAL_PROMPT=0",
        "credential='{{ CredentialSecret }}'",
        "if [ \"$credential\" != none ]; then",
        "  GIT_ASKPASS=$(mktemp)",
        "  export GIT_ASKPASS",
        "  trap 'rm -f \"$GIT_ASKPASS\"' EXIT",
        "  chmod 700 \"$GIT_ASKPASS\"",
        "  printf '#!/bin/bash\\nexec aws secretsmanager get-secret-value --secret-id %q --query SecretString --output text\\n' \"$credential\" > \"$GIT_ASKPASS\"",
        "fi",
        "folder='{{ ReleaseFolder }}'",
        "git clone --quiet \"$repository\" \"$folder\"",
        "git -C \"$folder\" checkout --quiet --detach '{{ Revision }}'",
        "# What the application needs done to it stands in its own repository.",
        "if [ -x \"$folder/bin/image-build\" ]; then (cd \"$folder\" && bin/image-build); fi",
    ]));
    step(Phase::Build, "Release", script)
}

/// Files of units come with packages or with the release. What is missing fails the image, unless it holds no release.
fn units(contents: &Contents) -> Vec<Step> {
    if contents.units.is_empty() {
        return Vec::new();
    }
    let units = array("units", contents.units.iter().map(|unit| word(unit)));
    let mut enable = units.clone();
    enable.extend(lines(&[
        "for unit in \"${units[@]}\"; do",
        "  if systemctl cat \"$unit\" >/dev/null 2>&1; then systemctl enable \"$unit\" || echo \"$unit is started by others\"; fi",
        "done",
    ]));
    let mut check = units;
    check.extend(lines(&[
        "missing=0",
        "for unit in \"${units[@]}\"; do",
        "  systemctl cat \"$unit\" >/dev/null 2>&1 && continue",
        "  echo \"unit $unit ran at the source and has no file here: bring it with the release\"",
        "  missing=1",
        "done",
        "[ '{{ Repository }}' = none ] || exit \"$missing\"",
    ]));
    vec![
        step(Phase::Build, "Units", enable),
        step(Phase::Validate, "Units", check),
    ]
}

/// Scheduled work must not run beside the source's: until the switch its table lies where cron does not look.
fn schedules(contents: &Contents) -> Vec<Step> {
    let words = contents
        .schedules
        .iter()
        .map(|own| word(&format!("{} {} {}", own.schedule, own.account, own.command)));
    let mut steps = Vec::new();
    for (index, list) in lists(words).into_iter().enumerate() {
        let mut script = lines(&INSTALL);
        script.push("command -v crontab >/dev/null || { if command -v apt-get >/dev/null; then install_packages cron; else install_packages cronie; fi; }".to_owned());
        script.extend(array("work", list.into_iter()));
        script.push(format!("table=/etc/cron.d/{}", numbered("carried", index)));
        script.push("[ '{{ Schedules }}' = on ] || { mkdir -p /var/lib/held-schedules; table=/var/lib/held-schedules/$(basename \"$table\"); }".to_owned());
        script.push("printf '%s\\n' \"${work[@]}\" > \"$table\"".to_owned());
        script.push("chmod 644 \"$table\"".to_owned());
        steps.push(step(Phase::Build, &numbered("Schedules", index), script));
    }
    steps
}

/// How a language tells its version.
const TELLS: [(&str, &str); 8] = [
    ("ruby", "ruby --version"),
    ("python", "python3 --version"),
    ("perl", "perl --version"),
    ("node", "node --version"),
    ("php", "php --version"),
    ("go", "go version"),
    ("java", "java --version"),
    ("dotnet", "dotnet --version"),
];

/// Languages must answer as at the source, in the part of their version that programs are written for.
fn runtimes(found: &[FoundRuntime]) -> Option<Step> {
    let checks = found.iter().filter_map(|own| {
        let (_, tells) = TELLS.iter().find(|(name, _)| *name == own.language)?;
        let own_part = written_for(own);
        Some(format!(
            "check {} {} {}",
            word(&own.language),
            word(&own_part),
            word(tells)
        ))
    });
    let checks: Vec<String> = checks.collect();
    if checks.is_empty() {
        return None;
    }
    let mut script = lines(&[
        "differ=0",
        "check() {",
        "  told=$($3 2>&1 | grep -oE '[0-9]+([.][0-9]+)+' | head -n 1 || true)",
        "  case \"$told.\" in \"$2.\"*) return ;; esac",
        "  echo \"$1 is ${told:-not here}, at the source it was $2: install that one by a component of your own\"",
        "  differ=1",
        "}",
    ]);
    script.extend(checks);
    script.push("[ '{{ Runtimes }}' = report ] || exit \"$differ\"".to_owned());
    Some(step(Phase::Validate, "Runtimes", script))
}

/// Node and Java promise to run within a major version, the others within a minor one.
fn written_for(own: &FoundRuntime) -> String {
    let parts = match own.language.as_str() {
        "node" | "java" | "dotnet" => 1,
        _ => 2,
    };
    let parts: Vec<&str> = own.version.split('.').take(parts).collect();
    parts.join(".")
}

/// Without its agent nobody reaches a server.
fn agent() -> Step {
    step(
        Phase::Test,
        "Agent",
        lines(&[
            "systemctl is-active amazon-ssm-agent || systemctl is-active snap.amazon-ssm-agent.amazon-ssm-agent",
        ]),
    )
}
