//! The whole folder against the committed copy. Read every difference as a reviewer would.

use reberth_generate::{Files, GenerateError, generate};
use std::path::Path;

use crate::designs;

#[test]
fn the_small_design_gives_the_committed_files() {
    compare("golden", &generate(&designs::small()).unwrap().0);
}

#[test]
fn tags_of_the_policy_reach_every_root_and_mean_themselves() {
    let (files, _) = generate(&designs::other_platform()).unwrap();
    let values: Vec<&[u8]> = files
        .iter()
        .filter(|(path, _)| path.ends_with("terraform.tfvars"))
        .map(|(_, content)| content.as_slice())
        .collect();
    assert_eq!(values.len(), 10);
    let expected =
        "additional_tags = {\n  CostCentre   = \"$${x}\"\n  map-migrated = \"mig12345\"\n}\n";
    for value in values {
        assert!(String::from_utf8_lossy(value).ends_with(expected));
    }
}

/// What a platform has beside what servers have too.
#[test]
fn the_platform_gives_the_committed_files() {
    let servers = generate(&designs::small()).unwrap().0;
    let (mut files, _) = generate(&designs::platform()).unwrap();
    files.retain(|path, content| servers.get(path) != Some(content));
    compare("golden-platform", &files);
}

/// Compares files with a committed folder, or writes it with UPDATE_GOLDEN.
fn compare(folder: &str, files: &Files) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        if golden.exists() {
            std::fs::remove_dir_all(&golden).unwrap();
        }
        designs::write(&golden, files);
    }
    let mut committed = Files::new();
    read(&golden, &golden, &mut committed);
    let different: Vec<&String> = files
        .keys()
        .chain(committed.keys())
        .filter(|path| files.get(*path) != committed.get(*path))
        .collect();
    assert!(
        different.is_empty(),
        "run with UPDATE_GOLDEN=1 and read the diff of {different:?}"
    );
}

fn read(root: &Path, folder: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(root, &path, files);
        } else {
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

#[test]
fn the_same_design_gives_the_same_files_and_a_manifest_of_all() {
    let (files, manifest) = generate(&designs::small()).unwrap();
    assert_eq!(
        generate(&designs::small()).unwrap(),
        (files.clone(), manifest.clone())
    );
    assert_eq!(
        manifest.files.keys().collect::<Vec<_>>(),
        files.keys().collect::<Vec<_>>()
    );
}

#[test]
fn an_edited_design_is_refused() {
    let mut design = designs::small();
    design.databases[0].multi_az = false;
    let error = generate(&design).unwrap_err();
    assert!(matches!(error, GenerateError::Edited));
    assert_eq!(error.code(), "RB-GEN-001");
}

#[test]
fn roots_without_content_are_left_out() {
    let bare = designs::changed(|design| {
        design.services.clear();
        design.ingresses.clear();
        design.edge = Default::default();
        design.safeguards.permission_sets = false;
        design.safeguards.baseline = false;
    });
    let (files, _) = generate(&bare).unwrap();
    assert!(files.keys().any(|path| path.contains("/20-data/")));
    for absent in [
        "15-identity",
        "40-apps",
        "50-edge",
        "baseline.tf",
        "modules/cdn",
    ] {
        assert!(!files.keys().any(|path| path.contains(absent)), "{absent}");
    }
}

/// What somebody asked for by a line of policy has its files, and the key of Datadog is named and never held.
#[test]
fn agents_have_their_configuration_where_they_are_asked_for() {
    for (design, words) in [
        (designs::other(), "secret_backend_type: aws.secrets"),
        (designs::other_platform(), "DD_SECRET_BACKEND_TYPE"),
    ] {
        let (files, _) = generate(&design).unwrap();
        let text = |path: &str| String::from_utf8_lossy(&files[path]).into_owned();
        let datadog = text("monitoring/datadog/datadog.yaml");
        let prefix = format!("{}-{}", design.target.project, design.target.environment);
        assert!(datadog.contains(words), "{datadog}");
        assert!(datadog.contains(&format!("ENC[{prefix}-datadog;api_key]")));
        let agent = text("monitoring/fluent-bit/fluent-bit.yaml");
        assert!(agent.contains(&format!("delivery_stream: {prefix}-logs")));
    }
    let (files, _) = generate(&designs::small()).unwrap();
    let is_asked_for = |path: &String| path.contains("datadog") || path.contains("fluent-bit");
    assert!(!files.keys().any(is_asked_for));
}
