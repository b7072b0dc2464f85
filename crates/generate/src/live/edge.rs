//! `50-edge`: the load balancers.

use reberth_model::design::{Design, Ingress};

use super::{Root, entry, module};
use crate::folder::{Folder, output};
use crate::hcl::{Block, Body, Expression, block, code, list, object};

const TEXT: &str = "\
The load balancers. Their certificates are proven by DNS records at the present DNS host: see the module `ingress` for the order of the
first apply. Traffic arrives here only when the names are switched.";

/// The root.
pub(super) fn root(design: &Design) -> Folder {
    let ingresses = design
        .ingresses
        .iter()
        .map(|ingress| entry(&ingress.key, &ingress.origin, value(ingress)));
    Root {
        name: "50-edge",
        text: TEXT,
        reads: &["00-network", "10-security", "40-apps"],
        outputs: vec![
            output("dns_names", "Host names of the load balancers by key.", "{ for key, ingress in module.ingress : key => ingress.dns_name }"),
            output("zone_ids", "Hosted zones of those names by key.", "{ for key, ingress in module.ingress : key => ingress.zone_id }"),
            output(
                "certificate_validation_records",
                "DNS records to create at the present DNS host, by load balancer and name.",
                "{ for key, ingress in module.ingress : key => ingress.certificate_validation_records }",
            ),
        ],
        files: vec![
            ("ingresses.tf", Body::new().block(block("locals", &[]).set("ingresses", Expression::Object(ingresses.collect())))),
            ("main.tf", Body::new().block(call())),
        ],
    }
    .folder(design)
}

fn value(ingress: &Ingress) -> Expression {
    object([
        ("name", Expression::from(&ingress.name)),
        ("service", (&ingress.service).into()),
        ("domain_name", (&ingress.domain).into()),
        ("alternative_names", list(&ingress.alternative_names)),
        ("redirect_http", ingress.redirect_http.into()),
        ("security_group", (&ingress.security_group).into()),
    ])
}

fn call() -> Block {
    let group = "[data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]";
    module("ingress", "ingress")
        .set("for_each", code("local.ingresses"))
        .gap()
        .set("name", code("each.value.name"))
        .set("domain_name", code("each.value.domain_name"))
        .set("alternative_names", code("each.value.alternative_names"))
        .set("redirect_http", code("each.value.redirect_http"))
        .gap()
        .set(
            "target_group_arn",
            code("data.terraform_remote_state.apps.outputs.target_group_arns[each.value.service]"),
        )
        .set(
            "subnet_ids",
            code("values(data.terraform_remote_state.network.outputs.public_subnet_ids)"),
        )
        .set("security_group_ids", code(group))
        .set(
            "log_kms_key_arn",
            code("data.terraform_remote_state.network.outputs.log_kms_key_arn"),
        )
}
