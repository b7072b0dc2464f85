//! The file in which a person lists what processes use.

use std::fs;
use std::path::Path;

use reberth_discover::heroku::ProcessUse;
use reberth_model::estate::ProcessUtilisation;

use crate::failure::{CliError, Failure};

const HEADER: &str = "app,process,window_hours,samples,cpu_p95_millis,memory_max_mib";

/// Reads the file.
pub(super) fn read(path: &Path) -> Result<Vec<ProcessUse>, Failure> {
    let text = fs::read_to_string(path).map_err(|error| CliError::file(path, "read", error))?;
    parse(&text).map_err(|(line, why)| {
        CliError::Argument {
            argument: "--process-use",
            given: format!("{}:{line}", path.display()),
            why,
        }
        .into()
    })
}

fn parse(text: &str) -> Result<Vec<ProcessUse>, (usize, String)> {
    let mut lines = text.lines().enumerate();
    match lines.next() {
        Some((_, header)) if header.trim_end() == HEADER => {}
        _ => return Err((1, format!("the first line is not {HEADER}"))),
    }
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| of_line(line).map_err(|why| (index + 1, why)))
        .collect()
}

fn of_line(line: &str) -> Result<ProcessUse, String> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [app, process, hours, samples, cpu, memory] = fields.as_slice() else {
        return Err(format!("it has not the six fields {HEADER}"));
    };
    if app.is_empty() || process.is_empty() {
        return Err("the application or the process is empty".to_owned());
    }
    let number = |name: &str, text: &str| {
        let read = text.parse::<u64>();
        read.map_err(|_| format!("{name} {text:?} is not a whole number"))
    };
    Ok(ProcessUse {
        app: (*app).to_owned(),
        process: (*process).to_owned(),
        utilisation: ProcessUtilisation {
            window_hours: number("window_hours", hours)?,
            samples: number("samples", samples)?,
            cpu_p95_millis: Some(number("cpu_p95_millis", cpu)?),
            memory_max_mib: Some(number("memory_max_mib", memory)?),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_a_wrong_line_is_named() {
        let text = format!("{HEADER}\nshop,web,168,10080,810,700\n\n");
        let list = parse(&text).unwrap();
        assert_eq!(list[0].utilisation.memory_max_mib, Some(700));
        for (lines, line) in [
            ("", 2),
            ("shop,web,168,10080,810", 2),
            ("shop,web,168,10080,fast,700", 2),
            ("shop,web,168,10080,-1,700", 2),
            (",web,168,10080,1,700", 2),
        ] {
            let result = parse(&format!("{HEADER}\nshop,web,1,1,1,1\n{lines}\n"));
            match lines {
                "" => assert_eq!(result.unwrap().len(), 1),
                _ => assert_eq!(result.unwrap_err().0, line + 1, "{lines}"),
            }
        }
        assert_eq!(parse("app,process\n").unwrap_err().0, 1);
    }
}
