//! `15-identity`: what people may do.

use reberth_model::design::{Design, Organization};

use super::organization::reached_by;
use super::{Root, module};
use crate::folder::{Folder, output};
use crate::hcl::{Block, Body, Expression, block, code, list, object};

const TEXT: &str = "\
What people may do, by permission sets of the identity centre. Two things come first, both by hand: the identity centre is switched on for the
organization, and the company's directory is tied to it with the groups named here. Nobody has the right to do everything: what these sets do not hold is done by Terraform,
after review.";

/// A permission set: name, what for, AWS's own policies, hours, group.
const SETS: [(&str, &str, &[&str], &str, &str); 4] = [
    (
        "Auditor",
        "Reads every setting and no data",
        &["SecurityAudit", "job-function/ViewOnlyAccess"],
        "PT8H",
        "aws-auditors",
    ),
    (
        "Billing",
        "Sees and pays the bill",
        &["job-function/Billing"],
        "PT8H",
        "aws-billing",
    ),
    (
        "DatabaseOperator",
        "Watches databases and reads their logs",
        &["AmazonRDSReadOnlyAccess", "CloudWatchReadOnlyAccess"],
        "PT4H",
        "aws-database-operators",
    ),
    (
        "Operator",
        "Reads everything, opens sessions on servers, replaces them",
        &["ReadOnlyAccess"],
        "PT4H",
        "aws-operators",
    ),
];

/// The set that may act on servers.
const OPERATOR: &str = "Operator";

/// The root of an account by itself.
pub(super) fn root(design: &Design) -> Folder {
    parts("15-identity", &[], None).folder(design)
}

/// The root of an organization: each set holds for the accounts that it is for.
pub(super) fn of_organization(organization: &Organization) -> Root<'static> {
    parts("30-identity", &["00-accounts"], Some(organization))
}

fn parts(
    name: &'static str,
    reads: &'static [&'static str],
    organization: Option<&Organization>,
) -> Root<'static> {
    Root {
        name,
        text: TEXT,
        reads,
        outputs: vec![output(
            "permission_set_arns",
            "ARNs of the permission sets by name.",
            "module.permission_sets.arns",
        )],
        variables: Vec::new(),
        files: vec![("main.tf", main(organization))],
    }
}

fn main(organization: Option<&Organization>) -> Body {
    let sets = SETS.map(|(name, description, policies, duration, group)| {
        let mut fields: Vec<(&str, Expression)> = vec![
            ("description", description.into()),
            ("managed_policies", list(policies.iter().copied())),
            ("session_duration", duration.into()),
            ("group", group.into()),
        ];
        if let Some(organization) = organization {
            fields.push(("accounts", reached_by(name, organization)));
        }
        if name == OPERATOR {
            let policy = code("data.aws_iam_policy_document.operator.json");
            fields.push(("inline_policy", policy));
        }
        (name, object(fields))
    });
    Body::new()
        .block(
            module("permission_sets", "permission-sets")
                .gap()
                .set("permission_sets", object(sets)),
        )
        .commented(
            "Only on what belongs to this environment, by its tags.",
            operator(),
        )
}

fn operator() -> Block {
    let own = |variable: &str| {
        block("condition", &[])
            .set("test", "StringEquals")
            .set("variable", variable)
            .set("values", list([code("var.project")]))
    };
    let statement = |sid: &str, actions: &[&str], variable: &str| {
        block("statement", &[])
            .set("sid", sid)
            .set("actions", list(actions.iter().copied()))
            .set("resources", list(["*"]))
            .nest(own(variable))
    };
    block("data", &["aws_iam_policy_document", "operator"])
        .comment("checkov:skip=CKV_AWS_356:Each statement is bound to a tag: the application's, or that of the person's own session")
        .comment("checkov:skip=CKV_AWS_111:Each statement is bound to a tag: the application's, or that of the person's own session")
        .nest(statement(
            "OpenSessions",
            &["ssm:StartSession"],
            "ssm:resourceTag/Application",
        ))
        .nest(statement(
            "ReplaceServers",
            &[
                "autoscaling:CancelInstanceRefresh",
                "autoscaling:RollbackInstanceRefresh",
                "autoscaling:StartInstanceRefresh",
                "ec2:RebootInstances",
            ],
            "aws:ResourceTag/Application",
        ))
        .nest(
            block("statement", &[])
                .set("sid", "EndOwnSessions")
                .set(
                    "actions",
                    list(["ssm:ResumeSession", "ssm:TerminateSession"]),
                )
                .set("resources", list(["*"]))
                .nest(
                    block("condition", &[])
                        .set("test", "StringLike")
                        .set("variable", "ssm:resourceTag/aws:ssmmessages:session-id")
                        .set("values", list(["&{aws:userid}"])),
                ),
        )
}
