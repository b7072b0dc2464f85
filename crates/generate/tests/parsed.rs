//! Files in Terraform's own language as trees, so that they are checked like those that are built.

use hcl_edit::expr::Expression as Parsed;
use hcl_edit::structure::{Block as ParsedBlock, Body as ParsedBody, Structure};
use reberth_generate::hcl::{Block, Body, Expression, block, code, template};
use reberth_generate::{terraform, written};
use reberth_model::design::Design;
use std::collections::BTreeMap;

/// Every Terraform file of a design: the built ones, and the written ones read back.
pub(crate) fn all(design: &Design) -> BTreeMap<String, Body> {
    let mut trees = terraform(design);
    for (path, text) in written(design) {
        let parsed =
            hcl_edit::parser::parse_body(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        trees.insert(path, body(&parsed));
    }
    trees
}

fn body(parsed: &ParsedBody) -> Body {
    parsed.iter().fold(Body::new(), |body, item| match item {
        Structure::Attribute(attribute) => {
            body.set(attribute.key.as_str(), expression(&attribute.value))
        }
        Structure::Block(nested) => body.block(converted(nested)),
    })
}

fn converted(parsed: &ParsedBlock) -> Block {
    let labels: Vec<&str> = parsed.labels.iter().map(|label| label.as_str()).collect();
    let empty = block(parsed.ident.as_str(), &labels);
    parsed.body.iter().fold(empty, |block, item| match item {
        Structure::Attribute(attribute) => {
            block.set(attribute.key.as_str(), expression(&attribute.value))
        }
        Structure::Block(nested) => block.nest(converted(nested)),
    })
}

fn expression(value: &Parsed) -> Expression {
    match value {
        Parsed::String(text) => Expression::Text(text.value().clone()),
        Parsed::Array(items) => Expression::List(items.iter().map(expression).collect()),
        Parsed::StringTemplate(text) => {
            let quoted = text.to_string();
            template(quoted.trim().trim_matches('"'))
        }
        other => code(other.to_string()),
    }
}

#[test]
fn a_written_module_is_read_back_whole() {
    let trees = all(&crate::designs::small());
    let blocks = trees["infra/modules/web-firewall/main.tf"].blocks();
    let kinds: Vec<&str> = blocks.map(|block| block.labels()[0].as_str()).collect();
    assert_eq!(
        kinds,
        [
            "aws_wafv2_web_acl",
            "aws_cloudwatch_log_group",
            "aws_wafv2_web_acl_logging_configuration"
        ]
    );
}
