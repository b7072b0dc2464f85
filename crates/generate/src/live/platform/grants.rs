//! What a pod may do in AWS, as policies of AWS or as statements with named actions.

use reberth_model::design::{Grant, Platform, PodIdentity};

use crate::hcl::{Entry, Expression, code, inline, list, object, template};

/// The fields of one identity in a map of identities.
pub(in crate::live) fn value(identity: &PodIdentity, platform: &Platform) -> Expression {
    let managed: Vec<&str> = identity.grants.iter().filter_map(managed).collect();
    let statements = identity
        .grants
        .iter()
        .flat_map(|grant| statements(grant, platform));
    object([
        ("namespace", Expression::from(&identity.namespace)),
        ("service_account", (&identity.service_account).into()),
        ("managed_policies", list(managed)),
        ("statements", Expression::Object(statements.collect())),
    ])
}

/// Policies that AWS keeps for software that AWS makes.
fn managed(grant: &Grant) -> Option<&'static str> {
    match grant {
        Grant::AssignAddresses => Some("AmazonEKS_CNI_Policy"),
        Grant::AttachVolumes => Some("service-role/AmazonEBSCSIDriverPolicy"),
        _ => None,
    }
}

fn statements(grant: &Grant, platform: &Platform) -> Vec<Entry> {
    match grant {
        Grant::AssignAddresses | Grant::AttachVolumes => Vec::new(),
        Grant::BindTargetGroups => bind_target_groups(),
        Grant::ScaleNodeGroups => scale_node_groups(),
        Grant::WriteLogs => vec![write_logs()],
        Grant::ReadSecrets(applications) => read_secrets(applications, platform),
        Grant::UseBuckets(buckets) => use_buckets(buckets),
    }
}

fn statement(name: &str, actions: &[&str], resources: Expression) -> Entry {
    let actions = list(actions.iter().copied());
    (
        name,
        object([("actions", actions), ("resources", resources)]),
    )
        .into()
}

fn everywhere() -> Expression {
    list(["*"])
}

/// Load balancers and target groups are made by this code; the controller only says which pods stand behind them.
fn bind_target_groups() -> Vec<Entry> {
    let groups = list([template(
        "arn:${data.aws_partition.current.partition}:elasticloadbalancing:${var.region}:${data.aws_caller_identity.current.account_id}:targetgroup/*",
    )]);
    vec![
        statement(
            "BindPods",
            &[
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:RegisterTargets",
            ],
            groups,
        ),
        statement(
            "LookAtNetwork",
            &[
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeInstances",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
            ],
            everywhere(),
        ),
    ]
}

/// EKS marks the groups of its node groups with the name of the cluster.
fn scale_node_groups() -> Vec<Entry> {
    let actions = list([
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
    ]);
    let condition = inline([
        ("test", Expression::from("StringEquals")),
        (
            "variable",
            template(
                "aws:ResourceTag/k8s.io/cluster-autoscaler/${data.terraform_remote_state.platform.outputs.cluster_name}",
            ),
        ),
        ("values", list(["owned"])),
    ]);
    let scale = object([
        ("actions", actions),
        ("resources", everywhere()),
        ("condition", condition),
    ]);
    vec![
        ("ScaleOwnGroups", scale).into(),
        statement(
            "LookAtGroups",
            &[
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "autoscaling:DescribeTags",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
                "eks:DescribeNodegroup",
            ],
            everywhere(),
        ),
    ]
}

fn write_logs() -> Entry {
    statement(
        "WriteLogs",
        &[
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
        ],
        list([template(
            "${data.terraform_remote_state.platform.outputs.application_log_group_arn}:*",
        )]),
    )
}

fn read_secrets(applications: &[String], platform: &Platform) -> Vec<Entry> {
    let names = platform
        .applications
        .iter()
        .filter(|own| applications.contains(&own.key))
        .flat_map(|own| [&own.settings.secret, &own.settings.bound_secret]);
    let arns = names.map(|name| code(format!("module.application_secrets.arns[\"{name}\"]")));
    let arns: Vec<Expression> = arns.collect();
    if arns.is_empty() {
        return Vec::new();
    }
    vec![statement(
        "ReadSecrets",
        &[
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
        ],
        Expression::List(arns),
    )]
}

fn use_buckets(buckets: &[String]) -> Vec<Entry> {
    if buckets.is_empty() {
        return Vec::new();
    }
    let arns = |end: &str| {
        list(buckets.iter().map(|key| {
            template(format!(
                "${{data.terraform_remote_state.data.outputs.buckets[\"{key}\"].arn}}{end}"
            ))
        }))
    };
    vec![
        statement(
            "ListBuckets",
            &["s3:GetBucketLocation", "s3:ListBucket"],
            arns(""),
        ),
        statement(
            "UseObjects",
            &[
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:PutObject",
            ],
            arns("/*"),
        ),
    ]
}
