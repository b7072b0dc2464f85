//! Command lines without the secrets that people write into them.
//!
//! A command is read as a shell would read it, since where a value ends depends on quotes and on the mark behind it. What a secret is tells the name
//! before it, the option of a program, or the place in an address. A reference (`$NAME`, `$(cat file)`) is none. A command with something left
//! out has to be written anew by a person, so that a doubt within such a command is decided for leaving out.

mod address;
mod line;
mod named;
mod names;
mod programs;
mod references;
mod shell;

use line::Line;

/// The command with the value of every assignment, option and header that is called like a secret, and every password in an address, written as
/// `[redacted]`. White space and control characters become single blanks. What was scrubbed once stays as it is.
pub(crate) fn scrubbed(command: &str) -> String {
    Line::scrubbed(&in_one_line(command))
}

/// The command as it is written, or [`scrubbed`] when a secret is in it: what is carried over and run must keep its white space.
pub(crate) fn without_secrets(command: &str) -> String {
    let line = in_one_line(command);
    let scrubbed = Line::scrubbed(&line);
    match scrubbed == line {
        true => command.to_owned(),
        false => scrubbed,
    }
}

fn in_one_line(command: &str) -> String {
    let is_between = |letter: char| letter.is_whitespace() || letter.is_control();
    // A line that goes on in the next one.
    let command = command.replace("\\\r\n", " ").replace("\\\n", " ");
    let words = command.split(is_between).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
