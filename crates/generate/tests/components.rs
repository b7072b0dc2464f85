//! Documents of images: valid for Image Builder, their scripts understood by bash, and nothing of the source can leave its word.

use reberth_generate::generate;
use reberth_model::design::{
    ArrivalWay, Design, FoundPackage, FoundRuntime, FoundSchedule, FoundSite,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use crate::designs;

/// Image Builder's own form of a document; whatever it does not know is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Document {
    name: String,
    description: String,
    schema_version: f64,
    parameters: Vec<BTreeMap<String, Parameter>>,
    phases: Vec<Phase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameter {
    r#type: String,
    default: String,
    description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Phase {
    name: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    name: String,
    action: String,
    inputs: Inputs,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inputs {
    commands: Vec<String>,
}

/// The documents of a design, by path.
fn documents(design: &Design) -> BTreeMap<String, String> {
    let (files, _) = generate(design).unwrap();
    let own = files
        .into_iter()
        .filter(|(path, _)| path.contains("/components/"));
    own.map(|(path, content)| (path, String::from_utf8(content).unwrap()))
        .collect()
}

/// Reads a document as Image Builder would, with the rules that its form does not say.
fn read(path: &str, text: &str) -> Document {
    assert!(text.chars().count() <= 16_000, "{path}: {}", text.len());
    let document: Document =
        serde_norway::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}\n{text}"));
    assert_eq!(document.schema_version, 1.0);
    assert!(!document.name.is_empty() && !document.description.is_empty());
    let phases: Vec<&str> = document
        .phases
        .iter()
        .map(|phase| phase.name.as_str())
        .collect();
    let unique: BTreeSet<&&str> = phases.iter().collect();
    assert_eq!(unique.len(), phases.len(), "{path}: a phase stands twice");
    for phase in &document.phases {
        assert!(
            ["build", "validate", "test"].contains(&phase.name.as_str()),
            "{path}: {}",
            phase.name
        );
        let names: BTreeSet<&str> = phase.steps.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(
            names.len(),
            phase.steps.len(),
            "{path}: a step stands twice"
        );
    }
    for step in document.phases.iter().flat_map(|phase| &phase.steps) {
        assert_eq!(step.action, "ExecuteBash");
        assert!(
            step.name.chars().all(|c| c.is_ascii_alphanumeric()),
            "{}",
            step.name
        );
        for command in &step.inputs.commands {
            check_expressions(path, command, &document.parameters);
            understood_by_bash(command);
        }
    }
    document
}

/// Every `{{ … }}` names a parameter that is declared.
fn check_expressions(path: &str, command: &str, parameters: &[BTreeMap<String, Parameter>]) {
    for expression in command.split("{{").skip(1) {
        let name = expression.split("}}").next().unwrap().trim();
        let declared = parameters.iter().find_map(|one| one.get(name));
        let parameter =
            declared.unwrap_or_else(|| panic!("{path}: {{{{{name}}}}} is not declared"));
        assert_eq!(parameter.r#type, "string");
        assert!(!parameter.default.is_empty() && !parameter.description.is_empty());
    }
}

fn understood_by_bash(script: &str) {
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    bash.stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = bash.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}\n{script}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn scripts(document: &Document, phase: &str) -> String {
    let phases = document.phases.iter().filter(|own| own.name == phase);
    let steps = phases.flat_map(|phase| &phase.steps);
    steps
        .flat_map(|step| step.inputs.commands.clone())
        .collect()
}

#[test]
fn every_image_has_a_document_that_image_builder_takes() {
    let design = designs::small();
    let documents = documents(&design);
    assert_eq!(documents.len(), design.services.len());
    for (path, text) in &documents {
        read(path, text);
    }
}

#[test]
fn what_was_found_is_installed_checked_and_said() {
    let documents = documents(&designs::small());
    let text = &documents["infra/live/prod/35-images/components/school-web.yaml"];
    let document = read("school-web", text);
    let build = scripts(&document, "build");
    for word in [
        "'nginx'",
        "useradd --system",
        "server_name school.example;",
        "proxy_pass http://127.0.0.1:3000;",
        "bin/rotate",
        "systemctl enable",
    ] {
        assert!(build.contains(word), "{word}: {build}");
    }
    let validate = scripts(&document, "validate");
    for word in ["check 'node' '18'", "'lms-web.service'", "nginx -t"] {
        assert!(validate.contains(word), "{word}: {validate}");
    }
    for word in [
        "# Made from what was found on school-web-01, school-web-02.",
        "lms-mailer.service is on school-web-02 only",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(
        documents["infra/live/prod/35-images/components/school-cron.yaml"]
            .contains("Nobody looked inside the servers of school-cron")
    );
}

/// Scheduled work of the source and of the target must never run side by side.
#[test]
fn scheduled_work_is_held_until_somebody_says_on() {
    let documents = documents(&designs::small());
    let document = read(
        "school-web",
        &documents["infra/live/prod/35-images/components/school-web.yaml"],
    );
    let steps = document.phases[0].steps.iter();
    let step = steps.clone().find(|step| step.name == "Schedules").unwrap();
    let folder = designs::scratch("held-schedules");
    let root = folder.to_str().unwrap();
    let ran = |schedules: &str| {
        let script = step.inputs.commands[0]
            .replace("{{ Schedules }}", schedules)
            .replace("/etc/cron.d", &format!("{root}/cron.d"))
            .replace("/var/lib", &format!("{root}/lib"))
            .replace("command -v crontab", "true");
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    std::fs::create_dir(folder.join("cron.d")).unwrap();
    ran("off");
    assert!(!folder.join("cron.d/carried").exists());
    let held = std::fs::read_to_string(folder.join("lib/held-schedules/carried")).unwrap();
    ran("on");
    let table = std::fs::read_to_string(folder.join("cron.d/carried")).unwrap();
    assert_eq!(held, table);
    assert_eq!(
        table,
        "15 2 * * * school cd /srv/school && bin/rotate --date=$(date +\\%F)\n"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

/// A language of another version fails the image; one that promises to run the same does not.
#[test]
fn another_version_of_a_language_fails_the_image() {
    let documents = documents(&designs::small());
    let document = read(
        "school-web",
        &documents["infra/live/prod/35-images/components/school-web.yaml"],
    );
    let phase = document
        .phases
        .iter()
        .find(|phase| phase.name == "validate")
        .unwrap();
    let step = phase
        .steps
        .iter()
        .find(|step| step.name == "Runtimes")
        .unwrap();
    for (told, runtimes, is_good) in [
        ("v18.0.1", "strict", true),
        ("v180.0.1", "strict", false),
        ("v20.1.0", "strict", false),
        ("v20.1.0", "report", true),
        ("", "strict", false),
    ] {
        let script = step.inputs.commands[0].replace("{{ Runtimes }}", runtimes);
        let script = format!("node() {{ echo '{told}'; }}\n{script}");
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        assert_eq!(
            output.status.success(),
            is_good,
            "{told} {runtimes}: {output:?}"
        );
    }
}

#[test]
fn hostile_and_long_lists_stay_words_of_short_documents() {
    let hostile = [
        "$(id)",
        "'; id; '",
        "{{ Repository }}",
        "x\n      - name: y",
        "\u{2028}",
        "é☃\u{7}",
        "\\",
    ];
    let design = designs::changed(|design| {
        for service in &mut design.services {
            service.arrival.way = ArrivalWay::ImagePipeline;
            let contents = &mut service.arrival.contents;
            contents.seen = hostile.map(str::to_owned).into();
            contents.packages = (0..700)
                .map(|number| FoundPackage {
                    name: format!("package-{number}-{}", hostile[number % 7]),
                    version: hostile[number % 7].to_owned(),
                })
                .collect();
            contents.units = hostile.map(str::to_owned).into();
            contents.accounts = hostile.map(str::to_owned).into();
            contents.left_to_people = (0..200)
                .map(|number| format!("{number} {}", hostile[number % 7]))
                .collect();
            contents.schedules = (0..60)
                .map(|number| FoundSchedule {
                    schedule: "* * * * *".to_owned(),
                    account: "a".to_owned(),
                    command: hostile[number % 7].repeat(60),
                })
                .collect();
            contents.runtimes = vec![FoundRuntime {
                language: "ruby".to_owned(),
                version: "3.2.'$(id)".to_owned(),
            }];
            contents.sites = vec![FoundSite {
                server: "nginx".to_owned(),
                file: hostile[1].to_owned(),
                names: hostile.map(str::to_owned).into(),
                upstreams: vec![hostile[0].to_owned()],
                roots: vec![hostile[3].to_owned()],
            }];
        }
    });
    let documents = documents(&design);
    assert!(
        documents.len() > 2 * design.services.len(),
        "{:?}",
        documents.keys()
    );
    let mut packages = 0;
    for (path, text) in &documents {
        let document = read(path, text);
        if path.contains("school-web") {
            packages += scripts(&document, "build").matches("package-").count();
        }
    }
    assert_eq!(packages, 700);
}

#[test]
fn services_that_arrive_otherwise_have_no_document() {
    let design = designs::changed(|design| {
        for service in &mut design.services {
            service.arrival.way = ArrivalWay::PlainImage;
        }
    });
    let (files, _) = generate(&design).unwrap();
    assert!(
        !files
            .keys()
            .any(|path| path.contains("35-images") || path.contains("image-pipeline"))
    );
}
