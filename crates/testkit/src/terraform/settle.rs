//! Generated roots, applied one after the other as a person does.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Cloud, keep_states_locally, program, scratch};

/// Applies every root of every environment in a folder, in their order, then plans each once more; an error where something is refused, warned of, or left
/// to do. The roots keep their states in a folder that goes away.
pub fn settle(name: &str, live: &Path) -> io::Result<Vec<PathBuf>> {
    settle_on(&Cloud::start(name)?, name, live)
}

/// The same in a cloud that holds something already.
pub fn settle_on(cloud: &Cloud, name: &str, live: &Path) -> io::Result<Vec<PathBuf>> {
    let states = scratch(&format!("states-{name}"))?;
    keep_states_locally(live, &states)?;
    let roots = in_order(live)?;
    apply(cloud, &roots)?;
    fs::remove_dir_all(states)?;
    Ok(roots)
}

fn apply(cloud: &Cloud, roots: &[PathBuf]) -> io::Result<()> {
    for root in roots {
        terraform(cloud, root, &["init", "-input=false"])?;
        terraform(cloud, root, &["plan", "-input=false", "-out=plan.tfplan"])?;
        terraform(cloud, root, &["apply", "-input=false", "plan.tfplan"])?;
    }
    for root in roots {
        terraform(cloud, root, &["plan", "-input=false", "-detailed-exitcode"])?;
    }
    Ok(())
}

/// The organization first; in each environment the bucket of the states first, then by number.
fn in_order(live: &Path) -> io::Result<Vec<PathBuf>> {
    let mut roots = Vec::new();
    for environment in fs::read_dir(live)? {
        for root in fs::read_dir(environment?.path())? {
            roots.push(root?.path());
        }
    }
    let place = |root: &PathBuf| {
        let is_organization = root.parent().is_some_and(|own| own.ends_with("org"));
        (
            !is_organization,
            !root.ends_with("_bootstrap"),
            root.clone(),
        )
    };
    roots.sort_by_key(place);
    Ok(roots)
}

/// Runs Terraform in a folder; what it says, or an error with that.
pub fn terraform(cloud: &Cloud, folder: &Path, arguments: &[&str]) -> io::Result<String> {
    let output = Command::new(program())
        .arg(format!("-chdir={}", folder.display()))
        .args(arguments)
        .arg("-no-color")
        .envs(cloud.environment())
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    match output.status.success() && !said.contains("Warning:") {
        true => Ok(said),
        false => Err(io::Error::other(format!(
            "{} {arguments:?}: {said}",
            folder.display()
        ))),
    }
}
