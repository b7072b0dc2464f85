//! `40-apps`: the groups of servers.

use reberth_model::design::{Design, FileForm, Service};

use super::data::files;
use super::{Root, images, module, origin, sentence};
use crate::folder::{Folder, output};
use crate::hcl::{Block, Body, Entry, Expression, block, code, object, template};

const TEXT: &str = "\
The services, each a group of equal servers in private subnets. Which image a service starts from is named by a Systems Manager parameter: the one that its pipeline in
`35-images` writes, or `image_parameter` here. A maker's plain image holds no application: send no traffic to a service before its own image is made.";

/// The root.
pub(super) fn root(design: &Design) -> Folder {
    let services = design
        .services
        .iter()
        .map(|service| Entry::commented(comment(service), &service.key, value(service)));
    let mut reads = vec!["00-network", "10-security"];
    if !design.files.is_empty() {
        reads.push("20-data");
    }
    if images::has_content(design) {
        reads.push("35-images");
    }
    let services = Expression::Object(services.collect());
    let mut written = vec![
        ("main.tf", Body::new().block(call(design))),
        (
            "services.tf",
            Body::new().block(block("locals", &[]).set("services", services)),
        ),
    ];
    if let Some(mounts) = files::mounts(design) {
        written.push(("files.tf", Body::new().block(mounts)));
    }
    Root {
        name: "40-apps",
        text: TEXT,
        reads: &reads,
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
        files: written,
    }
    .folder(design)
}

fn comment(service: &Service) -> Vec<String> {
    let mut paragraphs = origin(&service.origin);
    paragraphs.push(format!("Type: {}", sentence(&service.instance_type.why)));
    paragraphs.push(format!("Image: {}", sentence(&service.image.why)));
    paragraphs.push(format!("Arrival: {}", sentence(&service.arrival.why)));
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
        ("root_device", (&service.root_device).into()),
        ("root_disk_gib", service.root_disk_gib.into()),
        ("min_size", service.capacity.min.into()),
        ("desired_capacity", service.capacity.desired.into()),
        ("max_size", service.capacity.max.into()),
        ("target_group", target.unwrap_or(code("null"))),
        ("security_group", (&service.security_group).into()),
    ])
}

fn call(design: &Design) -> Block {
    let group = "[data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]";
    let mut call = module("service", "service-asg")
        .set("for_each", code("local.services"))
        .gap()
        .set("name", template("${local.name}-${each.key}"));
    for name in [
        "environment",
        "instance_type",
        "root_device",
        "root_disk_gib",
        "min_size",
        "desired_capacity",
        "max_size",
        "target_group",
    ] {
        call = call.set(name, code(format!("each.value.{name}")));
    }
    let image = if images::has_content(design) {
        "lookup(data.terraform_remote_state.images.outputs.image_parameters, each.key, each.value.image_parameter)"
    } else {
        "each.value.image_parameter"
    };
    call = call
        .set("image_parameter", code(image))
        .gap()
        .set(
            "vpc_id",
            code("data.terraform_remote_state.network.outputs.vpc_id"),
        )
        .set("subnet_ids", code(subnets(design)))
        .set("security_group_ids", code(group))
        .set(
            "kms_key_arn",
            code("data.terraform_remote_state.security.outputs.kms_key_arns[\"compute\"]"),
        );
    if !design.files.is_empty() {
        call = call.gap();
    }
    for (form, name) in [
        (FileForm::Shared, "shared_files"),
        (FileForm::Disk, "data_disks"),
    ] {
        if files::has(design, form) {
            let mounted = format!(
                "{{ for key, path in try(local.{name}[each.key], {{}}) : key => merge({{ path = path }}, data.terraform_remote_state.data.outputs.{name}[key]) }}"
            );
            call = call.set(name, code(mounted));
        }
    }
    call
}

/// All zones; the one of its disk for a service that has one.
fn subnets(design: &Design) -> &'static str {
    if files::has(design, FileForm::Disk) {
        "[for zone, id in data.terraform_remote_state.network.outputs.app_subnet_ids : id if try(local.zones[each.key], zone) == zone]"
    } else {
        "values(data.terraform_remote_state.network.outputs.app_subnet_ids)"
    }
}
