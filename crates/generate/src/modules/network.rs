//! `modules/network`: the VPC, its subnets in three tiers, its ways out, and its flow logs.

use super::{allow, condition, name_tag, policy_json, principals, resource};
use crate::folder::{Folder, module_versions, output, variable};
use crate::hcl::{Block, Body, block, code, list, template};

const TEXT: &str = "\
A VPC with three tiers of subnets in each zone: `public` for load balancers and NAT gateways, `app` for servers with a way
out through NAT, `data` for databases with no way out at all.

Subnets are given as maps from a zone's slot (`a`, `b`, …) to a block, and zones by id. A further zone adds entries and
moves none.";

/// The module.
pub(super) fn module() -> Folder {
    Folder {
        path: "infra/modules/network".to_owned(),
        title: "network".to_owned(),
        text: TEXT.to_owned(),
        variables: variables(),
        outputs: vec![
            output("vpc_id", "Id of the VPC.", "aws_vpc.this.id"),
            output(
                "public_subnet_ids",
                "Ids of the public subnets by zone slot.",
                "{ for zone, subnet in aws_subnet.public : zone => subnet.id }",
            ),
            output(
                "app_subnet_ids",
                "Ids of the application subnets by zone slot.",
                "{ for zone, subnet in aws_subnet.app : zone => subnet.id }",
            ),
            output(
                "data_subnet_ids",
                "Ids of the data subnets by zone slot.",
                "{ for zone, subnet in aws_subnet.data : zone => subnet.id }",
            ),
            output(
                "app_route_table_ids",
                "Route tables of the application subnets by zone slot.",
                "{ for zone, table in aws_route_table.app : zone => table.id }",
            ),
            output(
                "nat_public_ips",
                "Addresses that outbound traffic comes from, by zone slot: give them to whoever allows by address.",
                "{ for zone, address in aws_eip.nat : zone => address.public_ip }",
            ),
        ],
        files: [
            ("main.tf", main()),
            ("flow_logs.tf", flow_logs()),
            ("routes.tf", routes()),
            ("versions.tf", module_versions()),
        ]
        .into(),
        written: [(
            "module.tftest.hcl",
            include_str!("network/module.tftest.hcl"),
        )]
        .into(),
        ..Folder::default()
    }
}

fn variables() -> Vec<crate::folder::Variable> {
    let subnets = |name, description| {
        variable(name, "map(string)", description).must(
            match name {
                "public_subnets" => {
                    "alltrue([for cidr in values(var.public_subnets) : can(cidrhost(cidr, 0))])"
                }
                "app_subnets" => {
                    "alltrue([for cidr in values(var.app_subnets) : can(cidrhost(cidr, 0))])"
                }
                _ => "alltrue([for cidr in values(var.data_subnets) : can(cidrhost(cidr, 0))])",
            },
            "Every subnet must be an IPv4 block in CIDR notation.",
        )
    };
    vec![
        variable("name", "string", "Prefix of every name."),
        variable("cidr_block", "string", "IPv4 block of the VPC.").must(
            "can(cidrhost(var.cidr_block, 0))",
            "The block must be in CIDR notation, for example 10.20.0.0/16.",
        ),
        variable("zones", "map(string)", "Zone ids by slot.").must(
            "length(var.zones) >= 2",
            "Load balancers and databases need two zones at least.",
        ),
        subnets(
            "public_subnets",
            "Blocks of the public subnets by zone slot.",
        ),
        subnets(
            "app_subnets",
            "Blocks of the application subnets by zone slot.",
        ),
        subnets("data_subnets", "Blocks of the data subnets by zone slot."),
        variable(
            "nat_zones",
            "map(string)",
            "For each zone slot, the slot whose NAT gateway its application subnet uses.",
        ),
        variable(
            "log_kms_key_arn",
            "string",
            "Key that encrypts the flow logs.",
        ),
        variable(
            "log_retention_days",
            "number",
            "Days that flow logs are kept.",
        )
        .default(365_u32),
    ]
}

fn main() -> Body {
    Body::new()
        .block(
            resource("aws_vpc", "this")
                .set("cidr_block", code("var.cidr_block"))
                .set("enable_dns_hostnames", true)
                .gap()
                .set("tags", name_tag(code("var.name"))),
        )
        .commented(
            "With no rules: a resource that is given no group of its own can talk to nobody.",
            resource("aws_default_security_group", "this").set("vpc_id", code("aws_vpc.this.id")),
        )
        .block(
            resource("aws_internet_gateway", "this")
                .set("vpc_id", code("aws_vpc.this.id"))
                .gap()
                .set("tags", name_tag(code("var.name"))),
        )
        .block(subnet("public"))
        .block(subnet("app"))
        .block(subnet("data"))
}

/// The ways out of the public and application tiers.
fn routes() -> Body {
    let body = Body::new()
        .block(
            resource("aws_eip", "nat")
                .set("for_each", code("toset(values(var.nat_zones))"))
                .gap()
                .set("domain", "vpc")
                .gap()
                .set("tags", name_tag(template("${var.name}-nat-${each.key}"))),
        )
        .block(
            resource("aws_nat_gateway", "this")
                .set("for_each", code("aws_eip.nat"))
                .gap()
                .set("allocation_id", code("each.value.id"))
                .set("subnet_id", code("aws_subnet.public[each.key].id"))
                .gap()
                .set("tags", name_tag(template("${var.name}-${each.key}")))
                .gap()
                .set("depends_on", code("[aws_internet_gateway.this]")),
        );
    endpoint(data_routes(app_routes(public_routes(body))))
}

fn public_routes(body: Body) -> Body {
    body.block(
        resource("aws_route_table", "public")
            .set("vpc_id", code("aws_vpc.this.id"))
            .gap()
            .set("tags", name_tag(template("${var.name}-public"))),
    )
    .block(
        resource("aws_route", "public_internet")
            .set("route_table_id", code("aws_route_table.public.id"))
            .set("destination_cidr_block", "0.0.0.0/0")
            .set("gateway_id", code("aws_internet_gateway.this.id")),
    )
    .block(association("public", "aws_route_table.public.id"))
}

fn app_routes(body: Body) -> Body {
    body.block(
        resource("aws_route_table", "app")
            .set("for_each", code("var.app_subnets"))
            .gap()
            .set("vpc_id", code("aws_vpc.this.id"))
            .gap()
            .set("tags", name_tag(template("${var.name}-app-${each.key}"))),
    )
    .block(
        resource("aws_route", "app_nat")
            .set("for_each", code("aws_route_table.app"))
            .gap()
            .set("route_table_id", code("each.value.id"))
            .set("destination_cidr_block", "0.0.0.0/0")
            .set(
                "nat_gateway_id",
                code("aws_nat_gateway.this[var.nat_zones[each.key]].id"),
            ),
    )
    .block(association("app", "aws_route_table.app[each.key].id"))
}

fn data_routes(body: Body) -> Body {
    body
        .commented(
            "No route but the local one: databases cannot be reached from, and cannot reach, the internet.",
            resource("aws_route_table", "data")
                .set("vpc_id", code("aws_vpc.this.id"))
                .gap()
                .set("tags", name_tag(template("${var.name}-data"))),
        )
        .block(association("data", "aws_route_table.data.id"))
}

fn endpoint(body: Body) -> Body {
    body.block(block("data", &["aws_region", "current"]))
        .commented(
            "Free of charge, and keeps traffic to S3 off the NAT gateways.",
            resource("aws_vpc_endpoint", "s3")
                .set("vpc_id", code("aws_vpc.this.id"))
                .set(
                    "service_name",
                    template("com.amazonaws.${data.aws_region.current.region}.s3"),
                )
                .set(
                    "route_table_ids",
                    code("[for table in aws_route_table.app : table.id]"),
                )
                .gap()
                .set("tags", name_tag(template("${var.name}-s3"))),
        )
}

fn subnet(tier: &str) -> Block {
    resource("aws_subnet", tier)
        .set("for_each", code(format!("var.{tier}_subnets")))
        .gap()
        .set("vpc_id", code("aws_vpc.this.id"))
        .set("availability_zone_id", code("var.zones[each.key]"))
        .set("cidr_block", code("each.value"))
        .gap()
        .set(
            "tags",
            name_tag(template(format!("${{var.name}}-{tier}-${{each.key}}"))),
        )
}

fn association(tier: &str, table: &str) -> Block {
    resource("aws_route_table_association", tier)
        .set("for_each", code(format!("aws_subnet.{tier}")))
        .gap()
        .set("subnet_id", code("each.value.id"))
        .set("route_table_id", code(table))
}

fn flow_logs() -> Body {
    let write = allow(
        "WriteFlowLogs",
        &[
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
        ],
        list([template("${aws_cloudwatch_log_group.flow_logs.arn}:*")]),
    );
    Body::new()
        .block(
            resource("aws_cloudwatch_log_group", "flow_logs")
                .set("name", template("/${var.name}/vpc-flow-logs"))
                .set("retention_in_days", code("var.log_retention_days"))
                .set("kms_key_id", code("var.log_kms_key_arn")),
        )
        .block(block("data", &["aws_caller_identity", "current"]))
        .commented(
            "For this account's networks only: else anybody could have the service write here.",
            flow_logs_trust(),
        )
        .block(block("data", &["aws_iam_policy_document", "flow_logs"]).nest(write))
        .block(
            resource("aws_iam_role", "flow_logs")
                .set("name", template("${var.name}-flow-logs"))
                .set("assume_role_policy", policy_json("flow_logs_trust")),
        )
        .block(
            resource("aws_iam_role_policy", "flow_logs")
                .set("name", "write-flow-logs")
                .set("role", code("aws_iam_role.flow_logs.id"))
                .set("policy", policy_json("flow_logs")),
        )
        .block(
            resource("aws_flow_log", "this")
                .set("vpc_id", code("aws_vpc.this.id"))
                .set("traffic_type", "ALL")
                .set("max_aggregation_interval", 60_u32)
                .set(
                    "log_destination",
                    code("aws_cloudwatch_log_group.flow_logs.arn"),
                )
                .set("iam_role_arn", code("aws_iam_role.flow_logs.arn"))
                .gap()
                .set("tags", name_tag(code("var.name"))),
        )
}

fn flow_logs_trust() -> Block {
    block("data", &["aws_iam_policy_document", "flow_logs_trust"]).nest(
        block("statement", &[])
            .set("actions", list(["sts:AssumeRole"]))
            .nest(principals("Service", list(["vpc-flow-logs.amazonaws.com"])))
            .nest(condition(
                "StringEquals",
                "aws:SourceAccount",
                list([code("data.aws_caller_identity.current.account_id")]),
            )),
    )
}
