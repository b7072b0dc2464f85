//! `log_search.tf`: a domain of OpenSearch, and the stream that agents write to.

use reberth_model::design::Design;

use super::{agent_role, agent_roles, arguments, module};
use crate::folder::{Output, output};
use crate::hcl::{Body, list, template};

/// Zones that a domain can live in.
const ZONES_MAX: usize = 3;
const NETWORK: &str = "data.terraform_remote_state.network.outputs";
const SECURITY: &str = "data.terraform_remote_state.security.outputs";

/// The file.
pub(super) fn body(design: &Design) -> Body {
    let key = module("log_search_key", "encryption-key")
        .gap()
        .set("name", template("${local.name}-log-search"))
        .set(
            "description",
            template("Logs of ${local.name} that can be searched"),
        )
        .set("used_through", list(["es", "firehose"]));
    let subnets = |tier: &str| format!("values({NETWORK}.{tier}_subnet_ids)");
    let domain_subnets = match design.network.zones.len() > ZONES_MAX {
        true => format!("slice({}, 0, {ZONES_MAX})", subnets("data")),
        false => subnets("data"),
    };
    let call = module("log_search", "log-search")
        .gap()
        .set("name", crate::hcl::code("local.name"));
    let call = arguments(
        call,
        &[
            ("", ""),
            ("vpc_id", &format!("{NETWORK}.vpc_id")),
            ("domain_subnet_ids", &domain_subnets),
            ("delivery_subnet_ids", &subnets("app")),
            ("writer_roles", &agent_roles(design, "log_agent")),
            ("log_bucket_arn", &format!("{SECURITY}.log_bucket_arn")),
            ("kms_key_arn", "module.log_search_key.arn"),
            ("log_kms_key_arn", &format!("{NETWORK}.log_kms_key_arn")),
        ],
    );
    let body = match &design.platform {
        Some(_) => Body::new().block(agent_role("log_agent", "log-agent", "logging", "log-agent")),
        None => Body::new(),
    };
    body.block(key).block(call)
}

/// Its outputs.
pub(super) fn outputs() -> [Output; 4] {
    [
        output(
            "log_stream_name",
            "Delivery stream that agents write logs to.",
            "module.log_search.stream_name",
        ),
        output(
            "log_search_endpoint",
            "Host name of the domain, inside the network.",
            "module.log_search.endpoint",
        ),
        output(
            "log_delivery_role_arn",
            "Role that is mapped once to a role inside the domain.",
            "module.log_search.delivery_role_arn",
        ),
        output(
            "log_search_administrator_role_arn",
            "Role that governs the domain.",
            "module.log_search.administrator_role_arn",
        ),
    ]
}
