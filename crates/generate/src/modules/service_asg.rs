//! `modules/service-asg`: a group of equal servers that replaces itself, and where a load balancer sends requests.

use super::{assumed_by, create_before_destroy, data, name_tag, policy_json, resource};
use crate::folder::{Folder, Variable, module_versions, output, structure, variable};
use crate::hcl::{Block, Body, Expression, block, call, code, list, object, template};

const TEXT: &str = "\
An Auto Scaling group in private subnets. Servers have no key pair and no open port 22: people reach them through Session
Manager. A new image or template rolls through the group by itself and rolls back by itself when servers stay unhealthy.

A service of one server is never run twice: its replacement starts after the old server has gone.";

/// The module.
pub(super) fn module() -> Folder {
    Folder {
        path: "infra/modules/service-asg".to_owned(),
        title: "service-asg".to_owned(),
        text: TEXT.to_owned(),
        variables: variables(),
        outputs: vec![
            output(
                "autoscaling_group_name",
                "Name of the group.",
                "aws_autoscaling_group.this.name",
            ),
            output(
                "target_group_arn",
                "ARN of the target group; null when no load balancer stands before the service.",
                "one(aws_lb_target_group.this[*].arn)",
            ),
            output(
                "target_group_arn_suffix",
                "End of that ARN, by which metrics know the target group.",
                "one(aws_lb_target_group.this[*].arn_suffix)",
            ),
            output(
                "role_name",
                "Name of the servers' role, for further policies.",
                "aws_iam_role.this.name",
            ),
        ],
        files: [
            ("main.tf", main()),
            ("iam.tf", iam()),
            ("target_group.tf", target_group()),
            ("versions.tf", module_versions()),
        ]
        .into(),
        written: [
            ("files.tf", include_str!("service_asg/files.tf")),
            (
                "module.tftest.hcl",
                include_str!("service_asg/module.tftest.hcl"),
            ),
        ]
        .into(),
        ..Folder::default()
    }
}

fn variables() -> Vec<Variable> {
    vec![
        variable("name", "string", "Name of the service."),
        variable(
            "environment",
            "string",
            "Environment that the service belongs to.",
        ),
        variable("instance_type", "string", "Instance type."),
        variable(
            "image_parameter",
            "string",
            "Systems Manager parameter that names the machine image.",
        )
        .must(
            "startswith(var.image_parameter, \"/\")",
            "A parameter's name starts with a slash.",
        ),
        variable(
            "root_device",
            "string",
            "Name that the image gives its root disk.",
        ),
        variable("root_disk_gib", "number", "Root disk in GiB.").must(
            "var.root_disk_gib >= 8",
            "The public images need 8 GiB at least.",
        ),
        variable("min_size", "number", "Servers at least."),
        variable(
            "desired_capacity",
            "number",
            "Servers at first; Auto Scaling changes it later.",
        ),
        variable("max_size", "number", "Servers at most.").must(
            "var.max_size >= var.desired_capacity && var.desired_capacity >= var.min_size",
            "Sizes must be in the order min, desired, max.",
        ),
        structure(
            "target_group",
            "object(",
            &[
                ("port", "number"),
                ("protocol", "string"),
                ("health_path", "string"),
                ("interval_seconds", "number"),
                ("healthy_threshold", "number"),
                ("unhealthy_threshold", "number"),
                ("sticky", "bool"),
            ],
            "How a load balancer reaches the servers; null when none does.",
        )
        .default(code("null")),
        variable("vpc_id", "string", "Id of the VPC."),
        variable(
            "subnet_ids",
            "list(string)",
            "Subnets of the application tier.",
        ),
        variable(
            "security_group_ids",
            "list(string)",
            "Security groups of the servers.",
        ),
        variable("kms_key_arn", "string", "Key that encrypts the disks."),
        structure(
            "shared_files",
            "map(object(",
            &[
                ("path", "string"),
                ("id", "string"),
                ("arn", "string"),
                ("access_point_id", "string"),
                ("access_point_arn", "string"),
            ],
            "File systems that every server mounts, and where. The image needs amazon-efs-utils.",
        )
        .default(object::<&str, &str>([])),
        structure(
            "data_disks",
            "map(object(",
            &[("path", "string"), ("id", "string"), ("arn", "string")],
            "Disks that the one server of the service takes with it, and where it mounts them.",
        )
        .default(object::<&str, &str>([]))
        .must(
            "length(var.data_disks) == 0 || var.max_size == 1",
            "A disk follows one server at a time: a service of several shares a file system.",
        ),
    ]
}

fn main() -> Body {
    Body::new()
        .commented(
            "The newest image of the release when a plan is made: applying it rolls the servers over to it.",
            data("aws_ssm_parameter", "image").set("name", code("var.image_parameter")),
        )
        .block(block("locals", &[]).set("is_singleton", code("var.max_size == 1")))
        .block(launch_template())
        .block(group())
        .block(scaling())
}

fn launch_template() -> Block {
    let ebs = block("ebs", &[])
        .set("volume_type", "gp3")
        .set("volume_size", code("var.root_disk_gib"))
        .set("encrypted", true)
        .set("kms_key_id", code("var.kms_key_arn"))
        .set("delete_on_termination", true);
    let template_tags = |kind: &str| {
        block("tag_specifications", &[])
            .set("resource_type", kind)
            .set("tags", tags())
    };
    resource("aws_launch_template", "this")
        .set("name_prefix", template("${var.name}-"))
        .set(
            "image_id",
            code("data.aws_ssm_parameter.image.insecure_value"),
        )
        .set("instance_type", code("var.instance_type"))
        .set("vpc_security_group_ids", code("var.security_group_ids"))
        .set("update_default_version", true)
        .set(
            "user_data",
            code("local.mounts_files ? base64encode(local.user_data) : null"),
        )
        .nest(
            block("iam_instance_profile", &[])
                .set("arn", code("aws_iam_instance_profile.this.arn")),
        )
        .nest(
            block("block_device_mappings", &[])
                .set("device_name", code("var.root_device"))
                .nest(ebs),
        )
        .nest(
            block("metadata_options", &[])
                .set("http_tokens", "required")
                .set("http_put_response_hop_limit", 1_u32),
        )
        .nest(block("monitoring", &[]).set("enabled", true))
        .nest(template_tags("instance"))
        .nest(template_tags("volume"))
        .nest(create_before_destroy())
}

/// The provider's default tags do not reach what the group launches, so the template carries them itself.
fn tags() -> Expression {
    let own = object([
        ("Name", code("var.name")),
        ("Environment", code("var.environment")),
    ]);
    call("merge(data.aws_default_tags.current.tags, ", own)
}

fn group() -> Block {
    let preferences = block("preferences", &[])
        .set("auto_rollback", true)
        .set(
            "min_healthy_percentage",
            code("local.is_singleton ? 0 : 100"),
        )
        .set(
            "max_healthy_percentage",
            code("local.is_singleton ? 100 : 110"),
        );
    resource("aws_autoscaling_group", "this")
        .set("name", code("var.name"))
        .set("min_size", code("var.min_size"))
        .set("desired_capacity", code("var.desired_capacity"))
        .set("max_size", code("var.max_size"))
        .set("vpc_zone_identifier", code("var.subnet_ids"))
        .set("target_group_arns", code("aws_lb_target_group.this[*].arn"))
        .gap()
        .set(
            "health_check_type",
            code("var.target_group == null ? \"EC2\" : \"ELB\""),
        )
        .set("health_check_grace_period", 300_u32)
        .set("default_instance_warmup", 120_u32)
        .gap()
        .comment("Free of charge, but written only when asked for; the alarm on too few servers reads it.")
        .set("enabled_metrics", list(["GroupDesiredCapacity", "GroupInServiceInstances"]))
        .nest(
            block("launch_template", &[])
                .set("id", code("aws_launch_template.this.id"))
                .set("version", code("aws_launch_template.this.latest_version")),
        )
        .nest(
            block("instance_maintenance_policy", &[])
                .set(
                    "min_healthy_percentage",
                    code("local.is_singleton ? 0 : 100"),
                )
                .set(
                    "max_healthy_percentage",
                    code("local.is_singleton ? 100 : 110"),
                ),
        )
        .nest(
            block("instance_refresh", &[])
                .set("strategy", "Rolling")
                .nest(preferences),
        )
        .nest(
            block("tag", &[])
                .set("key", "Name")
                .set("value", code("var.name"))
                .set("propagate_at_launch", false),
        )
        .nest(
            block("lifecycle", &[])
                .comment("Auto Scaling sets it from now on.")
                .set("ignore_changes", code("[desired_capacity]")),
        )
}

fn scaling() -> Block {
    let metric = block("predefined_metric_specification", &[])
        .set("predefined_metric_type", "ASGAverageCPUUtilization");
    resource("aws_autoscaling_policy", "cpu")
        .set("count", code("var.max_size > var.min_size ? 1 : 0"))
        .gap()
        .set("name", "target-cpu")
        .set(
            "autoscaling_group_name",
            code("aws_autoscaling_group.this.name"),
        )
        .set("policy_type", "TargetTrackingScaling")
        .nest(
            block("target_tracking_configuration", &[])
                .set("target_value", 55_u32)
                .nest(metric),
        )
}

fn iam() -> Body {
    Body::new()
        .block(data("aws_default_tags", "current"))
        .block(data("aws_partition", "current"))
        .block(assumed_by("trust", "ec2.amazonaws.com"))
        .block(
            resource("aws_iam_role", "this")
                .set("name", code("var.name"))
                .set("assume_role_policy", policy_json("trust"))
                .gap()
                .comment("Other roots hang policies on it: they go with the role, or AWS would not delete it.")
                .set("force_detach_policies", true),
        )
        .commented(
            "Session Manager in place of SSH; patch management; nothing else until the application asks for it.",
            resource("aws_iam_role_policy_attachment", "session_manager")
                .set("role", code("aws_iam_role.this.name"))
                .set(
                    "policy_arn",
                    template("arn:${data.aws_partition.current.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"),
                ),
        )
        .block(
            resource("aws_iam_instance_profile", "this")
                .set("name", code("var.name"))
                .set("role", code("aws_iam_role.this.name")),
        )
}

fn target_group() -> Body {
    let health_check = block("health_check", &[])
        .set("path", code("var.target_group.health_path"))
        .set("protocol", code("var.target_group.protocol"))
        .set("interval", code("var.target_group.interval_seconds"))
        .set(
            "timeout",
            code("min(5, var.target_group.interval_seconds - 1)"),
        )
        .set(
            "healthy_threshold",
            code("var.target_group.healthy_threshold"),
        )
        .set(
            "unhealthy_threshold",
            code("var.target_group.unhealthy_threshold"),
        );
    let stickiness = block("stickiness", &[])
        .set("enabled", code("var.target_group.sticky"))
        .set("type", "lb_cookie");
    Body::new().block(
        resource("aws_lb_target_group", "this")
            .comment("checkov:skip=CKV_AWS_378:TLS ends at the load balancer, as at the source; the way on stays inside the VPC")
            .set("count", code("var.target_group == null ? 0 : 1"))
            .gap()
            .comment("A prefix for a target group holds six characters only.")
            .set("name_prefix", code("substr(replace(var.name, \"/^.*-/\", \"\"), 0, 6)"))
            .set("vpc_id", code("var.vpc_id"))
            .set("port", code("var.target_group.port"))
            .set("protocol", code("var.target_group.protocol"))
            .set("deregistration_delay", 60_u32)
            .gap()
            .set("tags", name_tag(code("var.name")))
            .nest(health_check)
            .nest(stickiness)
            .nest(create_before_destroy()),
    )
}
