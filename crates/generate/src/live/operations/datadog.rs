//! `datadog.tf`: the key that agents send under, and Datadog's view of the account.

use reberth_model::design::Design;

use super::{agent_role, agent_roles, arguments, module};
use crate::folder::{self, Output, Variable, output};
use crate::hcl::{Body, code, list, template};

const AGENT: &str = "datadog_agent";
const CLUSTER_AGENT: &str = "datadog_cluster_agent";

/// The file.
pub(super) fn body(design: &Design) -> Body {
    let key = module("datadog_key", "encryption-key")
        .gap()
        .set("name", template("${local.name}-datadog"))
        .set(
            "description",
            template("The key of Datadog of ${local.name}"),
        )
        .set("used_through", list(["secretsmanager"]));
    let call = module("datadog", "datadog")
        .gap()
        .set("name", code("local.name"));
    let call = arguments(
        call,
        &[
            ("kms_key_arn", "module.datadog_key.arn"),
            ("agent_roles", &roles(design)),
            ("external_id", "var.datadog_external_id"),
        ],
    );
    let own = |part: &str, account: &str| agent_role(part, account, "datadog", account);
    let body = match &design.platform {
        Some(_) => Body::new()
            .block(own(AGENT, "datadog"))
            .block(own(CLUSTER_AGENT, "datadog-cluster-agent")),
        None => Body::new(),
    };
    body.block(key).block(call)
}

/// Both agents of a cluster read the key; elsewhere every server's role does.
fn roles(design: &Design) -> String {
    match &design.platform {
        Some(_) => format!(
            "{{ agent = module.{AGENT}.role_name, cluster_agent = module.{CLUSTER_AGENT}.role_name }}"
        ),
        None => agent_roles(design, AGENT),
    }
}

/// The id that Datadog shows.
pub(super) fn variable() -> Variable {
    folder::variable(
        "datadog_external_id",
        "string",
        "Id that Datadog shows for this account when its integration is added; null until then.",
    )
    .default(code("null"))
}

/// Its outputs.
pub(super) fn outputs() -> [Output; 2] {
    [
        output(
            "datadog_secret_name",
            "Secret that a person writes Datadog's key into.",
            "module.datadog.secret_name",
        ),
        output(
            "datadog_role_name",
            "Role that is entered at Datadog; null until its id is known.",
            "module.datadog.integration_role_name",
        ),
    ]
}
