//! Caches of `20-data`.

use reberth_model::design::{Cache, Design};

use crate::folder::{Output, output};
use crate::hcl::{Block, Body, Entry, Expression, block, code, object};
use crate::live::{arguments, module, origin, sentence};

/// `caches.tf`.
pub(super) fn body(design: &Design) -> Body {
    let caches = design
        .caches
        .iter()
        .map(|cache| Entry::commented(comment(cache), &cache.key, value(cache)));
    Body::new()
        .block(block("locals", &[]).set("caches", Expression::Object(caches.collect())))
        .block(call())
}

fn comment(cache: &Cache) -> Vec<String> {
    let mut paragraphs = origin(&cache.origin);
    paragraphs.push(format!("Engine: {}", sentence(&cache.engine.why)));
    paragraphs.push(format!("Type: {}", sentence(&cache.node_type.why)));
    if !cache.settings_not_copied.is_empty() {
        paragraphs.push("Settings of the source that are no parameter here:".to_owned());
    }
    let left = cache.settings_not_copied.iter();
    paragraphs.extend(
        left.map(|setting| format!("- {} = {}: {}", setting.name, setting.value, setting.why)),
    );
    paragraphs
}

fn value(cache: &Cache) -> Expression {
    let parameters = cache
        .parameters
        .iter()
        .map(|parameter| (&parameter.name, &parameter.value));
    object([
        ("name", Expression::from(&cache.name)),
        ("environment", (&cache.environment).into()),
        ("engine", (&cache.engine.value).into()),
        ("engine_version", (&cache.engine_version).into()),
        ("parameter_family", (&cache.parameter_family).into()),
        ("parameters", object(parameters)),
        ("node_type", (&cache.node_type.value).into()),
        ("nodes", cache.nodes.into()),
        ("security_group", (&cache.security_group).into()),
    ])
}

fn call() -> Block {
    let group = "[data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]";
    let call = module("cache", "cache")
        .set("for_each", code("local.caches"))
        .gap();
    let each = [
        "name",
        "environment",
        "engine",
        "engine_version",
        "parameter_family",
        "parameters",
        "node_type",
        "nodes",
    ];
    let call = each.iter().fold(call, |call, name| {
        call.set(name, code(format!("each.value.{name}")))
    });
    arguments(
        call,
        &[
            ("", ""),
            (
                "subnet_ids",
                "values(data.terraform_remote_state.network.outputs.data_subnet_ids)",
            ),
            ("security_group_ids", group),
            (
                "kms_key_arn",
                "data.terraform_remote_state.security.outputs.kms_key_arns[\"data\"]",
            ),
        ],
    )
}

/// Outputs of the caches.
pub(super) fn outputs() -> Vec<Output> {
    vec![output(
        "cache_endpoints",
        "Host names of the primaries of the caches by key; TLS only.",
        "{ for key, cache in module.cache : key => cache.primary_endpoint }",
    )]
}
