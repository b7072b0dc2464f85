//! `40-apps`: the groups of servers.

use reberth_model::design::{Design, Service};

use super::{Root, module, origin, sentence};
use crate::folder::{Folder, output};
use crate::hcl::{Block, Body, Entry, Expression, block, code, object, template};

const TEXT: &str = "\
The services, each a group of equal servers in private subnets. The images are those of the systems' makers and hold no application: bake one
for each service and name its Systems Manager parameter in `image_parameter` before traffic is sent there.";

/// The root.
pub(super) fn root(design: &Design) -> Folder {
    let services = design
        .services
        .iter()
        .map(|service| Entry::commented(comment(service), &service.key, value(service)));
    Root {
        name: "40-apps",
        text: TEXT,
        reads: &["00-network", "10-security"],
        outputs: vec![
            output(
                "target_group_arns",
                "ARNs of the target groups by service; null where no load balancer stands before it.",
                "{ for key, service in module.service : key => service.target_group_arn }",
            ),
            output(
                "target_group_arn_suffixes",
                "Ends of those ARNs by service, by which metrics know them.",
                "{ for key, service in module.service : key => service.target_group_arn_suffix }",
            ),
            output(
                "role_names",
                "Names of the servers' roles by service, for further policies.",
                "{ for key, service in module.service : key => service.role_name }",
            ),
            output(
                "autoscaling_group_names",
                "Names of the Auto Scaling groups by service.",
                "{ for key, service in module.service : key => service.autoscaling_group_name }",
            ),
        ],
        variables: Vec::new(),
        files: vec![
            ("main.tf", Body::new().block(call())),
            ("services.tf", Body::new().block(block("locals", &[]).set("services", Expression::Object(services.collect())))),
        ],
    }
    .folder(design)
}

fn comment(service: &Service) -> Vec<String> {
    let mut paragraphs = origin(&service.origin);
    paragraphs.push(format!("Type: {}", sentence(&service.instance_type.why)));
    paragraphs.push(format!("Image: {}", sentence(&service.image.why)));
    paragraphs.push(format!("Size: {}", sentence(&service.capacity.why)));
    paragraphs
}

fn value(service: &Service) -> Expression {
    let target = service.target_group.as_ref().map(|target| {
        object([
            ("port", Expression::from(u32::from(target.port))),
            ("protocol", (&target.protocol).into()),
            ("health_path", (&target.health_path).into()),
            ("interval_seconds", target.interval_seconds.into()),
            ("healthy_threshold", target.healthy_threshold.into()),
            ("unhealthy_threshold", target.unhealthy_threshold.into()),
            ("sticky", target.sticky.into()),
        ])
    });
    object([
        ("environment", Expression::from(&service.environment)),
        ("instance_type", (&service.instance_type.value).into()),
        ("image_parameter", (&service.image.value).into()),
        ("root_disk_gib", service.root_disk_gib.into()),
        ("min_size", service.capacity.min.into()),
        ("desired_capacity", service.capacity.desired.into()),
        ("max_size", service.capacity.max.into()),
        ("target_group", target.unwrap_or(code("null"))),
        ("security_group", (&service.security_group).into()),
    ])
}

fn call() -> Block {
    let group = "[data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]";
    let mut call = module("service", "service-asg")
        .set("for_each", code("local.services"))
        .gap()
        .set("name", template("${local.name}-${each.key}"));
    for name in [
        "environment",
        "instance_type",
        "image_parameter",
        "root_disk_gib",
        "min_size",
        "desired_capacity",
        "max_size",
        "target_group",
    ] {
        call = call.set(name, code(format!("each.value.{name}")));
    }
    call.gap()
        .set(
            "vpc_id",
            code("data.terraform_remote_state.network.outputs.vpc_id"),
        )
        .set(
            "subnet_ids",
            code("values(data.terraform_remote_state.network.outputs.app_subnet_ids)"),
        )
        .set("security_group_ids", code(group))
        .set(
            "kms_key_arn",
            code("data.terraform_remote_state.security.outputs.kms_key_arns[\"compute\"]"),
        )
}
