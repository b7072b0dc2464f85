//! Reads the names, descriptions and types of variables and outputs out of files as `terraform fmt` leaves them.

/// What written files declare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    inputs: Vec<Declaration>,
    outputs: Vec<Declaration>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Declaration {
    name: &'static str,
    description: &'static str,
    type_of: String,
    has_default: bool,
}

impl Declared {
    /// Reads `variables.tf` and `outputs.tf`.
    pub(crate) fn read(variables: &'static str, outputs: &'static str) -> Declared {
        Declared {
            inputs: declarations(variables, "variable"),
            outputs: declarations(outputs, "output"),
        }
    }

    /// Rows of a table of inputs.
    pub(crate) fn input_rows(&self) -> impl Iterator<Item = String> {
        self.inputs.iter().map(|input| {
            let required = if input.has_default { "no" } else { "yes" };
            format!(
                "| `{}` | {} | `{}` | {required} |\n",
                input.name, input.description, input.type_of
            )
        })
    }

    /// Rows of a table of outputs.
    pub(crate) fn output_rows(&self) -> impl Iterator<Item = String> {
        self.outputs
            .iter()
            .map(|output| format!("| `{}` | {} |\n", output.name, output.description))
    }
}

/// Top-level blocks of a kind; their own arguments stand two blanks deep.
fn declarations(text: &'static str, kind: &str) -> Vec<Declaration> {
    let mut found: Vec<Declaration> = Vec::new();
    for line in text.lines() {
        if let Some(name) = opened(line, kind) {
            found.push(Declaration {
                name,
                ..Declaration::default()
            });
        }
        let Some((argument, value)) = own_argument(line) else {
            continue;
        };
        let Some(last) = found.last_mut() else {
            continue;
        };
        match argument {
            "description" => last.description = value.trim_matches('"'),
            "type" => last.type_of = whole_type(value),
            "default" => last.has_default = true,
            _ => {}
        }
    }
    found
}

/// The name in `variable "name" {`.
fn opened<'a>(line: &'a str, kind: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(kind)?.strip_prefix(" \"")?;
    rest.split('"').next()
}

/// An argument two blanks deep.
fn own_argument(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("  ")?;
    if rest.starts_with(' ') {
        return None;
    }
    let (name, value) = rest.split_once('=')?;
    Some((name.trim(), value.trim()))
}

/// A type on one line, or what opens it with `…` for its fields.
fn whole_type(value: &str) -> String {
    match value.strip_suffix("({") {
        Some(open) => format!("{open}({{…}}){}", ")".repeat(open.matches('(').count())),
        None => value.to_owned(),
    }
}
