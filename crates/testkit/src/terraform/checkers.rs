//! Checkers that others wrote, over generated files: checkov and promtool.

use std::io;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::built;

/// Something that a checker complains of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name of the rule, for example `CKV_AWS_16`.
    pub rule: String,
    /// The resource.
    pub resource: String,
    /// The file that it stands in.
    pub file: String,
}

/// What checkov complains of in a folder of Terraform, and how many checks passed.
pub fn checkov(folder: &Path) -> io::Result<(Vec<Finding>, u64)> {
    let output = Command::new(built("checkov/bin/python")?)
        .arg(built("checkov/bin/checkov")?)
        .args(["--framework", "terraform", "--skip-download", "--compact"])
        .args(["--quiet", "--soft-fail", "--output", "json", "--directory"])
        .arg(folder)
        .env("LOG_LEVEL", "ERROR")
        .output()?;
    let report = succeeded(&output)?;
    let report: Value = serde_json::from_str(&report)?;
    let passed = report["summary"]["passed"].as_u64().unwrap_or(0);
    let unread = report["summary"]["parsing_errors"].as_u64();
    if unread != Some(0) {
        return Err(io::Error::other(format!(
            "checkov read not every file: {report}"
        )));
    }
    let text = |check: &Value, field: &str| check[field].as_str().unwrap_or_default().to_owned();
    let failed = report["results"]["failed_checks"].as_array();
    let findings = failed.into_iter().flatten().map(|check| Finding {
        rule: text(check, "check_id"),
        resource: text(check, "resource"),
        file: text(check, "file_path"),
    });
    Ok((findings.collect(), passed))
}

/// Runs promtool in a folder; what it says, or an error with that.
pub fn promtool(folder: &Path, arguments: &[&str]) -> io::Result<String> {
    let output = Command::new(built("promtool")?)
        .args(arguments)
        .current_dir(folder)
        .output()?;
    succeeded(&output)
}

fn succeeded(output: &Output) -> io::Result<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(io::Error::other(
            text(&output.stdout) + &text(&output.stderr),
        )),
    }
}
