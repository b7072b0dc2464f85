//! `Procfile`: one kind of process a line. `release` runs once with each release.

use reberth_model::estate::{CodeProcess, Codebase};

use super::File;
use crate::scrubbed::scrubbed;

pub(super) fn read(file: &File<'_>, code: &mut Codebase) -> Result<(), String> {
    let mut strange = Vec::new();
    let mut processes: Vec<CodeProcess> = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        match process(line) {
            Some(("release", command)) => code.release_commands.push(scrubbed(command)),
            Some((name, command)) => {
                // The last of a name is the one that runs.
                processes.retain(|process| process.name != name);
                processes.push(CodeProcess {
                    file: file.name.to_owned(),
                    name: name.to_owned(),
                    command: Some(scrubbed(command)),
                    ..CodeProcess::default()
                });
            }
            None if line.trim().is_empty() || line.trim_start().starts_with('#') => {}
            None => strange.push((number + 1).to_string()),
        }
    }
    code.processes.extend(processes);
    if strange.is_empty() {
        return Ok(());
    }
    Err(format!(
        "lines that name no process: {}",
        strange.join(", ")
    ))
}

/// Name and command of a line.
fn process(line: &str) -> Option<(&str, &str)> {
    let (name, command) = line.split_once(':')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let command = command.trim();
    let is_process = !name.is_empty() && name.bytes().all(is_name) && !command.is_empty();
    is_process.then_some((name, command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_and_the_release_command_are_told_and_strange_lines_named() {
        let text = "web: puma -p $PORT\n# comment\n\nrelease: rake db:migrate\nworker: old\nworker: TOKEN=s3cret sidekiq\r\nno process\n";
        let mut code = Codebase::default();
        let told = read(
            &File {
                name: "Procfile",
                text,
            },
            &mut code,
        );
        assert_eq!(told.unwrap_err(), "lines that name no process: 7");
        let commands: Vec<_> = code
            .processes
            .iter()
            .map(|process| (process.name.as_str(), process.command.as_deref().unwrap()))
            .collect();
        assert_eq!(
            commands,
            [
                ("web", "puma -p $PORT"),
                ("worker", "TOKEN=[redacted] sidekiq")
            ]
        );
        assert_eq!(code.release_commands, ["rake db:migrate"]);
    }
}
