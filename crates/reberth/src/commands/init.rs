//! `reberth init`: a project folder with a policy to edit.

use std::fs;
use std::path::Path;

use reberth_model::policy::Policy;
use serde_json::json;

use crate::atomic_file;
use crate::cli::InitArgs;
use crate::exit::Exit;
use crate::failure::{CliError, Failure};
use crate::output::Output;
use crate::project::Project;
use crate::settings::provider_word;

const POLICY: &str = include_str!("init/reberth.yaml");
const GITIGNORE: &str =
    "# The journal stays on the machine that acts. Back it up; do not commit it.\n.reberth/\n";
/// The longest project name that a policy may have.
const NAME_LENGTH_MAX: usize = 24;

/// Writes `reberth.yaml` and `.gitignore`; nothing that is there already is touched.
pub(crate) fn run(args: &InitArgs, output: &Output) -> Result<Exit, Failure> {
    let project = Project::new(&args.folder);
    let path = project.policy_path();
    if path.exists() {
        return Err(CliError::AlreadyThere { path }.into());
    }
    let text = policy(args);
    // What the template cannot know is whether the region reads as one.
    Policy::parse(&text).map_err(|error| CliError::Argument {
        argument: "--region",
        given: args.region.clone(),
        why: error.message,
    })?;
    let ignore = project.path(".gitignore");
    if !ignore.exists() {
        atomic_file::replace(&ignore, GITIGNORE.as_bytes())?;
    }
    atomic_file::replace(&path, text.as_bytes())?;
    let folder = args.folder.display();
    output.report(
        format!(
            "wrote {}\nedit it, then run `reberth discover --project {folder}`",
            path.display()
        ),
        &json!({ "policy": path }),
    )?;
    Ok(Exit::Done)
}

fn policy(args: &InitArgs) -> String {
    POLICY
        .replace("@PROJECT@", &project_name(&args.folder))
        .replace("@PROVIDER@", provider_word(args.source))
        .replace("@REGION@", &args.region)
}

/// The folder's own name, as far as a project may be called so.
fn project_name(folder: &Path) -> String {
    let named = folder.file_name().is_some();
    let whole = if named {
        folder.to_owned()
    } else {
        fs::canonicalize(folder).unwrap_or_default()
    };
    let name = whole
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let good: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                c
            } else {
                '-'
            }
        })
        .collect();
    let good = good.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let short: String = good.chars().take(NAME_LENGTH_MAX).collect();
    let short = short.trim_end_matches('-');
    if short.is_empty() {
        "migration".to_owned()
    } else {
        short.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::SourceProvider;

    #[test]
    fn a_project_is_called_like_its_folder_as_far_as_it_may() {
        for (folder, expected) in [
            ("edtech", "edtech"),
            ("a/b/LMS Move_2", "lms-move-2"),
            ("2026-move", "move"),
            ("été", "t"),
            ("42", "migration"),
            (
                "a-very-long-name-of-a-folder-indeed",
                "a-very-long-name-of-a-fo",
            ),
        ] {
            assert_eq!(project_name(Path::new(folder)), expected, "{folder}");
        }
    }

    #[test]
    fn the_template_is_a_good_policy_also_with_its_example_switched_on() {
        let args = InitArgs {
            folder: "edtech".into(),
            source: SourceProvider::Digitalocean,
            region: "ap-south-1".to_owned(),
        };
        let text = policy(&args);
        assert_eq!(Policy::parse(&text).unwrap().project, "edtech");
        // An example is commented out without a blank after the `#`, and stands for the line before it.
        let example = |line: &str| {
            line.strip_prefix('#')
                .filter(|rest| !rest.starts_with(' ') || rest.starts_with("  "))
                .map(str::to_owned)
        };
        let empty = [
            "promises: {}",
            "databases: []",
            "waivers: []",
            "overrides: []",
            "answers: []",
            "plan_waivers: []",
        ];
        let keeps_empty = |line: &str| empty.contains(&line);
        let switched_on: Vec<String> = text
            .lines()
            .filter(|line| !keeps_empty(line))
            .map(|line| example(line).unwrap_or_else(|| line.to_owned()))
            .collect();
        let policy = Policy::parse(&switched_on.join("\n")).unwrap();
        assert_eq!(
            policy.databases[0].source.reverse.variable(),
            "LMS_SOURCE_REVERSE"
        );
        assert_eq!(policy.promises.write_downtime_ms, Some(60_000));
        assert_eq!((policy.waivers.len(), policy.answers.len()), (1, 1));
        assert_eq!(policy.overrides.len(), 1);
        assert_eq!(policy.plan_waivers[0].rule, "data-store-kept");
        assert!(policy.front_door.is_some());
    }
}
