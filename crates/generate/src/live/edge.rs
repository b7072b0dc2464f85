//! `50-edge`: load balancers, distributions, the web firewall, and names.

mod distributions;
mod firewall;
mod zones;

use reberth_model::design::{Design, Ingress, WorkloadKind};

use super::{Root, arguments, entry, module};
use crate::folder::{Folder, Output, output};
use crate::hcl::{Block, Body, Expression, block, code, list, object};

const TEXT: &str = "\
What users reach: distributions, load balancers, the web firewall before them, and the names that lead there.

The first apply stops at the certificates, which are proven by DNS records at the present DNS host. Apply the certificates first, create the records that
`certificate_validation_records` prints there, then apply the rest. A distribution's certificate lives in us-east-1, a load balancer's in this region; both want the
same records.

Traffic arrives here only when the cutover moves the weights of the switched names, or, while the zone is still served by its present host, when the names are changed
there. To move a zone, enter its `name_servers` at the registrar a few days before the switch: until the weights move, every answer is as before. It holds
the records that prove the certificates too: by them AWS renews a certificate once the zone is served here.";

/// Whether there is anything at the edge.
pub(super) fn has_content(design: &Design) -> bool {
    let edge = &design.edge;
    !(design.ingresses.is_empty() && edge.distributions.is_empty() && edge.zones.is_empty())
}

/// The root.
pub(super) fn root(design: &Design) -> Folder {
    let mut reads = vec!["00-network", "10-security"];
    if design
        .edge
        .distributions
        .iter()
        .any(distributions::is_of_bucket)
    {
        reads.push("20-data");
    }
    if !design.ingresses.is_empty() {
        reads.push("40-apps");
    }
    Root {
        name: "50-edge",
        text: TEXT,
        reads: &reads,
        outputs: outputs(design),
        variables: Vec::new(),
        files: files(design),
    }
    .folder(design)
}

fn files(design: &Design) -> Vec<(&'static str, Body)> {
    let mut files = vec![("main.tf", firewall::body(design))];
    if !design.ingresses.is_empty() {
        files.push(("ingresses.tf", ingresses(design)));
    }
    if !design.edge.distributions.is_empty() {
        files.push(("distributions.tf", distributions::body(design)));
    }
    if !design.edge.zones.is_empty() {
        files.push(("zones.tf", zones::body(design)));
    }
    files.retain(|(_, body)| *body != Body::new());
    files
}

fn ingresses(design: &Design) -> Body {
    let ingresses = design
        .ingresses
        .iter()
        .map(|ingress| entry(&ingress.key, &ingress.origin, value(ingress, design)));
    Body::new()
        .block(block("locals", &[]).set("ingresses", Expression::Object(ingresses.collect())))
        .block(call(design))
}

fn value(ingress: &Ingress, design: &Design) -> Expression {
    let idle =
        idle_seconds(ingress, design).map(|seconds| ("idle_timeout_seconds", seconds.into()));
    let fields = [
        ("name", Expression::from(&ingress.name)),
        ("service", (&ingress.service).into()),
        ("domain_name", (&ingress.domain).into()),
        ("alternative_names", list(&ingress.alternative_names)),
        ("is_private", ingress.is_private.into()),
        ("redirect_http", ingress.redirect_http.into()),
        ("security_group", (&ingress.security_group).into()),
    ];
    object(fields.into_iter().chain(idle))
}

/// Seconds that the workload behind it may be silent; `None` where servers answer.
fn idle_seconds(ingress: &Ingress, design: &Design) -> Option<u32> {
    match &design.platform.as_ref()?.workload(&ingress.service)?.kind {
        WorkloadKind::Web(entry) => Some(entry.idle_timeout_seconds),
        _ => None,
    }
}

fn call(design: &Design) -> Block {
    let group = "[data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]";
    let network = "data.terraform_remote_state.network.outputs";
    let subnets = format!(
        "values(each.value.is_private ? {network}.app_subnet_ids : {network}.public_subnet_ids)"
    );
    let firewall = if firewall::has_regional(design) {
        "each.value.is_private ? null : module.firewall.arn"
    } else {
        "null"
    };
    let call = module("ingress", "ingress").set("for_each", code("local.ingresses"));
    let call = arguments(
        call,
        &[
            ("", ""),
            ("name", "each.value.name"),
            ("domain_name", "each.value.domain_name"),
            ("alternative_names", "each.value.alternative_names"),
            ("is_private", "each.value.is_private"),
            ("redirect_http", "each.value.redirect_http"),
            ("", ""),
            (
                "target_group_arn",
                "data.terraform_remote_state.apps.outputs.target_group_arns[each.value.service]",
            ),
            ("subnet_ids", &subnets),
            ("security_group_ids", group),
            ("web_acl_arn", firewall),
        ],
    );
    match design.platform {
        Some(_) => arguments(
            call,
            &[
                ("", ""),
                ("idle_timeout_seconds", "each.value.idle_timeout_seconds"),
            ],
        ),
        None => call,
    }
}

fn outputs(design: &Design) -> Vec<Output> {
    let mut outputs = Vec::new();
    if !design.ingresses.is_empty() {
        outputs.extend([
            output("dns_names", "Host names of the load balancers by key.", "{ for key, ingress in module.ingress : key => ingress.dns_name }"),
            output("zone_ids", "Hosted zones of those names by key.", "{ for key, ingress in module.ingress : key => ingress.zone_id }"),
            output("arn_suffixes", "Ends of their ARNs by key, by which metrics know them.", "{ for key, ingress in module.ingress : key => ingress.arn_suffix }"),
            output(
                "certificate_validation_records",
                "DNS records to create at the present DNS host, by load balancer and name.",
                "{ for key, ingress in module.ingress : key => ingress.certificate_validation_records }",
            ),
        ]);
    }
    if !design.edge.distributions.is_empty() {
        outputs.extend([
            output("distribution_names", "Host names of the distributions by key.", "{ for key, cdn in module.cdn : key => cdn.domain_name }"),
            output(
                "distribution_validation_records",
                "DNS records that prove the names of the distributions' certificates, by distribution and name.",
                "{ for key, cdn in module.cdn : key => cdn.certificate_validation_records }",
            ),
        ]);
    }
    if !design.edge.zones.is_empty() {
        outputs.push(output(
            "name_servers",
            "Name servers of the hosted zones by key, for the registrar.",
            "{ for key, zone in module.zone : key => zone.name_servers }",
        ));
        outputs.push(output(
            "hosted_zone_ids",
            "Ids of the hosted zones by key: the cutover moves the weights there.",
            "{ for key, zone in module.zone : key => zone.zone_id }",
        ));
    }
    outputs
}
