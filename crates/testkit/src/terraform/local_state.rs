//! Generated roots with their states in a folder, where a test is not about the S3 backend.

use std::fs;
use std::io;
use std::path::Path;

/// Rewrites the roots of every environment in a folder so that each keeps its state in `STATES/ENVIRONMENT/ROOT.tfstate`, and reads the others' there.
pub(super) fn keep_states_locally(live: &Path, states: &Path) -> io::Result<()> {
    for environment in fs::read_dir(live)? {
        let environment = environment?;
        let own = states.join(environment.file_name());
        fs::create_dir_all(&own)?;
        keep_locally(&environment.path(), &own, states)?;
    }
    Ok(())
}

fn keep_locally(environment: &Path, own: &Path, states: &Path) -> io::Result<()> {
    for root in fs::read_dir(environment)? {
        let root = root?;
        let name = root.file_name().to_string_lossy().into_owned();
        let state = own.join(format!("{name}.tfstate"));
        fs::write(
            root.path().join("backend.tf"),
            format!(
                "terraform {{\n  backend \"local\" {{\n    path = \"{}\"\n  }}\n}}\n",
                state.display()
            ),
        )?;
        let data = root.path().join("data.tf");
        if data.exists() {
            fs::write(&data, local(&fs::read_to_string(&data)?, states))?;
        }
    }
    Ok(())
}

/// `data.tf` of a root, with `config` of each remote state pointing to a file.
fn local(data: &str, states: &Path) -> String {
    let mut text = String::new();
    for line in data.lines() {
        let value = line
            .split_once('=')
            .map(|(name, value)| (name.trim(), value.trim()));
        match value {
            Some(("backend", _)) => text.push_str("  backend = \"local\"\n"),
            Some(("bucket" | "region", _)) => {}
            Some(("key", key)) => {
                let name = key.trim_matches('"');
                text.push_str(&format!("    path = \"{}\"\n", states.join(name).display()));
            }
            _ => text.push_str(&format!("{line}\n")),
        }
    }
    text
}
