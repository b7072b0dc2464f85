//! One Terraform folder, a module or a root: its variables and outputs, and the files and tables made of them.

mod declared;

pub(crate) use declared::Declared;

use crate::hcl::{Body, Expression, block, call, code, object};
use std::collections::BTreeMap;

/// A Terraform folder.
#[derive(Default)]
pub(crate) struct Folder {
    /// Path in the project, for example `infra/modules/network`.
    pub(crate) path: String,
    /// First line of its README.
    pub(crate) title: String,
    /// What a reader must know, in Markdown.
    pub(crate) text: String,
    /// Its variables.
    pub(crate) variables: Vec<Variable>,
    /// Its outputs.
    pub(crate) outputs: Vec<Output>,
    /// Its other files.
    pub(crate) files: BTreeMap<&'static str, Body>,
    /// Files that are written in Terraform's own language.
    pub(crate) written: BTreeMap<&'static str, &'static str>,
    /// What those files declare.
    pub(crate) declared: Declared,
}

/// A variable.
pub(crate) struct Variable {
    name: &'static str,
    type_of: Expression,
    description: &'static str,
    default: Option<Expression>,
    validation: Option<(&'static str, &'static str)>,
}

/// An output.
pub(crate) struct Output {
    name: &'static str,
    description: &'static str,
    value: &'static str,
}

/// A required variable.
pub(crate) fn variable(
    name: &'static str,
    type_of: &'static str,
    description: &'static str,
) -> Variable {
    Variable {
        name,
        type_of: code(type_of),
        description,
        default: None,
        validation: None,
    }
}

/// A required variable that is an object, or a map or list of objects: `open` is `object(`, `map(object(`, ….
pub(crate) fn structure(
    name: &'static str,
    open: &'static str,
    fields: &[(&'static str, &'static str)],
    description: &'static str,
) -> Variable {
    let fields = object(fields.iter().map(|(name, type_of)| (*name, code(*type_of))));
    Variable {
        type_of: call(open, fields),
        ..variable(name, "", description)
    }
}

/// An output.
pub(crate) fn output(name: &'static str, description: &'static str, value: &'static str) -> Output {
    Output {
        name,
        description,
        value,
    }
}

impl Variable {
    /// Gives it a default.
    pub(crate) fn default(mut self, value: impl Into<Expression>) -> Variable {
        self.default = Some(value.into());
        self
    }

    /// Refuses values for which the condition does not hold.
    pub(crate) fn must(mut self, condition: &'static str, message: &'static str) -> Variable {
        self.validation = Some((condition, message));
        self
    }

    /// Its row in a README.
    fn row(&self) -> String {
        let required = if self.default.is_none() { "yes" } else { "no" };
        let type_of = match &self.type_of {
            Expression::Code(text) => text.clone(),
            Expression::Call(open, _) => {
                format!("{open}{{…}}{}", ")".repeat(open.matches('(').count()))
            }
            _ => "any".to_owned(),
        };
        format!(
            "| `{}` | {} | `{type_of}` | {required} |\n",
            self.name, self.description
        )
    }

    fn block(&self) -> crate::hcl::Block {
        let is_nullable = matches!(&self.default, Some(Expression::Code(text)) if text == "null");
        let mut variable = block("variable", &[self.name])
            .set("description", self.description)
            .set("type", self.type_of.clone())
            .set_some("default", self.default.clone());
        if !is_nullable {
            variable = variable.set("nullable", false);
        }
        match self.validation {
            Some((condition, message)) => variable.nest(
                block("validation", &[])
                    .set("condition", code(condition))
                    .set("error_message", message),
            ),
            None => variable,
        }
    }
}

impl Folder {
    /// Name of the folder itself.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Names of the modules that its trees call.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &str> {
        let blocks = self.files.values().flat_map(Body::blocks);
        let modules = blocks.filter(|block| block.kind() == "module");
        modules.filter_map(|block| {
            let mut arguments = block.body().attributes();
            arguments.find_map(|(name, value)| match value {
                Expression::Text(path) if name == "source" => path.rsplit('/').next(),
                _ => None,
            })
        })
    }

    /// Its Terraform files by name.
    pub(crate) fn trees(&self) -> BTreeMap<String, Body> {
        let mut trees: BTreeMap<String, Body> = BTreeMap::new();
        let variables = self
            .variables
            .iter()
            .fold(Body::new(), |body, variable| body.block(variable.block()));
        let outputs = self.outputs.iter().fold(Body::new(), |body, output| {
            body.block(
                block("output", &[output.name])
                    .set("description", output.description)
                    .set("value", code(output.value)),
            )
        });
        for (name, body) in [("variables.tf", variables), ("outputs.tf", outputs)] {
            if body != Body::new() {
                trees.insert(format!("{}/{name}", self.path), body);
            }
        }
        for (name, body) in &self.files {
            trees.insert(format!("{}/{name}", self.path), body.clone());
        }
        trees
    }

    /// Its README, with tables of inputs and outputs.
    pub(crate) fn readme(&self) -> String {
        let mut text = format!("# {}\n\n{}\n", self.title, self.text.trim_end());
        let inputs = self.variables.iter().map(Variable::row);
        let inputs: String = inputs.chain(self.declared.input_rows()).collect();
        if !inputs.is_empty() {
            text.push_str(
                "\n## Inputs\n\n| Name | Description | Type | Required |\n|---|---|---|---|\n",
            );
            text.push_str(&inputs);
        }
        let outputs = self
            .outputs
            .iter()
            .map(|output| format!("| `{}` | {} |\n", output.name, output.description));
        let outputs: String = outputs.chain(self.declared.output_rows()).collect();
        if !outputs.is_empty() {
            text.push_str("\n## Outputs\n\n| Name | Description |\n|---|---|\n");
            text.push_str(&outputs);
        }
        text
    }
}

/// `versions.tf` of a module: at least the major version of the provider that it is written for.
pub(crate) fn module_versions() -> Body {
    versions(">= 6.0")
}

/// `versions.tf` of a root: the major version of the provider is pinned.
pub(crate) fn root_versions() -> Body {
    versions("~> 6.0")
}

/// Terraform 1.11 is the first with S3 lock files for general use.
fn versions(provider: &str) -> Body {
    let aws = object([("source", "hashicorp/aws"), ("version", provider)]);
    Body::new().block(
        block("terraform", &[])
            .set("required_version", ">= 1.11")
            .nest(block("required_providers", &[]).set("aws", aws)),
    )
}
