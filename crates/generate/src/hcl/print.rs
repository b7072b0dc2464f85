//! Writes a tree the way `terraform fmt` leaves it.
//!
//! The formatter lines up the equals signs of attributes on consecutive lines. A blank line, a comment, a block,
//! and an attribute whose value takes several lines end such a run, and the last of these is not part of it.

use super::{Block, Body, Comment, Entry, Expression, Item};
use std::fmt;

/// A list that fits within this many columns is written on one line.
const LINE_COLUMNS_MAX: usize = 100;
/// Comments are wrapped at this column.
const COMMENT_COLUMNS_MAX: usize = 100;

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut printer = Printer::default();
        printer.body(self, 0);
        f.write_str(&printer.text)
    }
}

#[derive(Default)]
struct Printer {
    text: String,
}

/// An attribute or object entry on its way to the page.
struct Line {
    name: String,
    value: String,
}

impl Printer {
    fn body(&mut self, body: &Body, depth: usize) {
        let mut run: Vec<Line> = Vec::new();
        let mut previous: Option<&Item> = None;
        for item in &body.items {
            if needs_blank_line(previous, item) {
                self.end_run(&mut run, depth);
                self.text.push('\n');
            }
            match item {
                Item::Attribute(name, value) => self.line(&mut run, name, value, depth),
                Item::Block(block) => {
                    self.end_run(&mut run, depth);
                    self.block(block, depth);
                }
                Item::Comment(comment) => {
                    self.end_run(&mut run, depth);
                    self.comment(comment, depth);
                }
                Item::Gap => {}
            }
            previous = Some(item);
        }
        self.end_run(&mut run, depth);
    }

    fn block(&mut self, block: &Block, depth: usize) {
        self.indent(depth);
        self.text.push_str(&block.kind);
        for label in &block.labels {
            self.text.push_str(&format!(" {}", quoted(label)));
        }
        if block.body.items.is_empty() {
            self.text.push_str(" {}\n");
            return;
        }
        self.text.push_str(" {\n");
        self.body(&block.body, depth + 1);
        self.indent(depth);
        self.text.push_str("}\n");
    }

    /// Takes a one-line value into the run; a longer one ends the run and is written at once.
    fn line(&mut self, run: &mut Vec<Line>, name: &str, value: &Expression, depth: usize) {
        let room = LINE_COLUMNS_MAX.saturating_sub(2 * depth + name.len() + 3);
        match one_line(value)
            .filter(|text| !matches!(value, Expression::List(_)) || text.len() <= room)
        {
            Some(text) => run.push(Line {
                name: name.to_owned(),
                value: text,
            }),
            None => {
                self.end_run(run, depth);
                self.indent(depth);
                self.text.push_str(&format!("{name} = "));
                self.long_value(value, depth);
                self.text.push('\n');
            }
        }
    }

    fn end_run(&mut self, run: &mut Vec<Line>, depth: usize) {
        let width = run
            .iter()
            .map(|line| line.name.chars().count())
            .max()
            .unwrap_or(0);
        for line in run.drain(..) {
            self.indent(depth);
            self.text
                .push_str(&format!("{:width$} = {}\n", line.name, line.value));
        }
    }

    /// A value over several lines, without the line end after it.
    fn long_value(&mut self, value: &Expression, depth: usize) {
        match value {
            Expression::List(items) => {
                self.text.push_str("[\n");
                for item in items {
                    self.indent(depth + 1);
                    match one_line(item) {
                        Some(text) => self.text.push_str(&text),
                        None => self.long_value(item, depth + 1),
                    }
                    self.text.push_str(",\n");
                }
                self.indent(depth);
                self.text.push(']');
            }
            Expression::Object(entries) => {
                self.text.push_str("{\n");
                self.entries(entries, depth + 1);
                self.indent(depth);
                self.text.push('}');
            }
            Expression::Call(open, value) => {
                self.text.push_str(open);
                self.long_value(value, depth);
                self.text.push_str(&closing(open));
            }
            other => self.text.push_str(&one_line(other).unwrap_or_default()),
        }
    }

    fn entries(&mut self, entries: &[Entry], depth: usize) {
        let mut run: Vec<Line> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            if let Some(comment) = &entry.comment {
                self.end_run(&mut run, depth);
                if index > 0 {
                    self.text.push('\n');
                }
                self.comment(comment, depth);
            }
            self.line(&mut run, &key(&entry.key), &entry.value, depth);
        }
        self.end_run(&mut run, depth);
    }

    /// A comment, wrapped. Line ends in it become spaces: a name from outside cannot leave its comment.
    /// A line that a scanner must read whole (`checkov:skip=…`) is not wrapped.
    fn comment(&mut self, comment: &Comment, depth: usize) {
        for paragraph in comment.paragraphs() {
            self.paragraph(paragraph, depth);
        }
    }

    fn paragraph(&mut self, comment: &str, depth: usize) {
        let words = comment.split_whitespace();
        if comment.starts_with("checkov:") {
            self.indent(depth);
            let line = words.collect::<Vec<_>>().join(" ");
            self.text.push_str(&format!("#{line}\n"));
            return;
        }
        let room = COMMENT_COLUMNS_MAX.saturating_sub(2 * depth + 2);
        let mut line = String::new();
        for word in words {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                self.comment_line(&line, depth);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.extend(word.chars().filter(|c| !c.is_control()));
        }
        self.comment_line(&line, depth);
    }

    fn comment_line(&mut self, line: &str, depth: usize) {
        self.indent(depth);
        self.text.push_str(format!("# {line}").trim_end());
        self.text.push('\n');
    }

    fn indent(&mut self, depth: usize) {
        self.text.push_str(&"  ".repeat(depth));
    }
}

/// Blocks stand apart from what surrounds them, and a comment stays with the item after it.
fn needs_blank_line(previous: Option<&Item>, item: &Item) -> bool {
    match (previous, item) {
        (None, _) => false,
        (Some(Item::Comment(_)), _) => false,
        (Some(_), Item::Gap) => true,
        (Some(Item::Gap), _) => false,
        (Some(Item::Block(_)), _) => true,
        (Some(_), Item::Block(_) | Item::Comment(_)) => true,
        (Some(_), Item::Attribute(..)) => false,
    }
}

/// The value on one line; `None` when it takes several.
fn one_line(value: &Expression) -> Option<String> {
    Some(match value {
        Expression::Text(text) => quoted(text),
        Expression::Template(text) => format!("\"{text}\""),
        Expression::Code(text) => text.clone(),
        Expression::Bool(value) => value.to_string(),
        Expression::Number(value) => value.to_string(),
        Expression::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Expression::Object(_) => return None,
        Expression::Inline(entries) => {
            let entry =
                |entry: &Entry| Some(format!("{} = {}", key(&entry.key), one_line(&entry.value)?));
            let entries: Option<Vec<String>> = entries.iter().map(entry).collect();
            format!("{{ {} }}", entries?.join(", "))
        }
        Expression::Call(open, value) => {
            format!("{open}{}{}", one_line(value)?, closing(open))
        }
        Expression::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(one_line).collect();
            format!("[{}]", items?.join(", "))
        }
    })
}

/// What closes the brackets that a call left open, the last first.
fn closing(open: &str) -> String {
    let mut closers: Vec<&str> = Vec::new();
    for letter in open.chars() {
        match letter {
            '(' => closers.push(")"),
            '{' => closers.push(" }"),
            closer if closers.last().is_some_and(|last| last.ends_with(closer)) => {
                closers.pop();
            }
            _ => {}
        }
    }
    closers.iter().rev().copied().collect()
}

/// A quoted text that means exactly itself.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out.replace("${", "$${").replace("%{", "%%{")
}

/// An object's key: bare when it is an identifier.
fn key(text: &str) -> String {
    let is_identifier = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_identifier && !matches!(text, "for" | "true" | "false" | "null" | "if") {
        text.to_owned()
    } else {
        quoted(text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Body, block, code, list, object};
    use super::{closing, quoted};

    #[test]
    fn runs_are_aligned_and_ended_as_the_formatter_does() {
        let body = Body::new().commented(
            "From a \n} injected",
            block("resource", &["aws_x", "this"])
                .set("a", true)
                .set("longer", "b")
                .set("tags", object([("Name", "x"), ("Owner-of-it", "y")]))
                .set("z", 1_u32)
                .set("empty", list::<&str>([]))
                .gap()
                .set("role", code("var.role"))
                .nest(block("rule", &[]).set("id", "r")),
        );
        let expected = "\
# From a } injected
resource \"aws_x\" \"this\" {
  a      = true
  longer = \"b\"
  tags = {
    Name        = \"x\"
    Owner-of-it = \"y\"
  }
  z     = 1
  empty = []

  role = var.role

  rule {
    id = \"r\"
  }
}
";
        assert_eq!(body.to_string(), expected);
    }

    #[test]
    fn texts_mean_themselves() {
        for (text, expected) in [
            ("a\"b\\c", r#""a\"b\\c""#),
            ("${var.x} %{if}", r#""$${var.x} %%{if}""#),
            ("two\nlines", r#""two\nlines""#),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn only_what_was_left_open_is_closed() {
        for (open, expected) in [
            ("map(object(", "))"),
            ("{ for key in keys(var.one) : key => ", " }"),
            ("merge(keys(a), { for b in c : b => ", " })"),
        ] {
            assert_eq!(closing(open), expected, "{open}");
        }
    }
}
