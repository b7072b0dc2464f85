//! `live/org`: the organization, what keeps the records of its accounts, what watches over them, and who may come in.
//!
//! These roots are applied with credentials of the account that the organization is managed from, and so are the roots of each environment: their
//! provider takes on a role in the account that the state of [`ACCOUNTS`] names. So no id of an account is written down anywhere.

use reberth_model::design::{Account, Design, Organization, Unit};

use super::{Root, arguments, bootstrap, identity, module, provider, sentence};
use crate::folder::{Folder, output};
use crate::hcl::{Block, Body, Entry, Expression, block, code, inline, list, object, template};

/// The folder of these roots.
const ORG: &str = "org";
/// The root that makes the accounts, as the roots of environments name it.
pub(super) const ACCOUNTS: &str = "org/00-accounts";
const LOG_ARCHIVE: &str = "log-archive";
const SECURITY: &str = "security";

const ACCOUNTS_TEXT: &str = "\
The organization, its units and accounts, what no account may do, and the delegates that watch over them. Applied with credentials of the account that the organization is managed
from.

**Look twice:** an account takes minutes to make and ninety days to close, and its address can never be used for another one. A new organization may have ten accounts until its
quota is raised. If the company has an organization or some of these accounts already, list them under `target.adopt` in `reberth.yaml`: they are taken over by `imports.tf`.";

const ARCHIVE_TEXT: &str = "\
Where the trail of all accounts is kept: bucket and key stand in the log archive account, the trail in the account that the organization is managed from.";

const SECURITY_TEXT: &str = "\
What the security account does for all others: GuardDuty in every region in use, Security Hub with one policy, Config's view over all accounts, the access analyzer.";

/// All of them, in the order they are applied.
pub(super) fn roots(design: &Design, organization: &Organization) -> Vec<Folder> {
    let managed = || Body::new().block(provider());
    let mut roots = vec![
        bootstrap::parts(design).folder_in(design, ORG, managed()),
        accounts(organization).folder_in(design, ORG, managed()),
        archive(design).folder_in(
            design,
            ORG,
            managed().block(provider_as("log_archive", LOG_ARCHIVE)),
        ),
    ];
    if design.safeguards.baseline {
        let own = Body::new().block(provider_of(SECURITY));
        roots.push(watch(organization).folder_in(design, ORG, own));
    }
    if design.safeguards.permission_sets {
        let root = identity::of_organization(organization);
        roots.push(root.folder_in(design, ORG, managed()));
    }
    roots
}

/// The provider of a root that lives in one account.
pub(super) fn provider_of(account: &str) -> Block {
    let role =
        format!("data.terraform_remote_state.accounts.outputs.account_role_arns[\"{account}\"]");
    provider().nest(
        block("assume_role", &[])
            .set("role_arn", code(role))
            .set("session_name", "terraform"),
    )
}

/// A second provider, for another account.
fn provider_as(alias: &str, account: &str) -> Block {
    let own = provider_of(account);
    own.body()
        .attributes()
        .fold(
            block("provider", &["aws"]).set("alias", alias).gap(),
            |all, (name, value)| all.set(name, value.clone()),
        )
        .nest_all(own.body().blocks().cloned())
}

fn accounts(organization: &Organization) -> Root<'static> {
    let entries = organization.accounts.iter().map(|account| {
        let value = inline([
            ("email", Expression::from(&account.email)),
            ("unit", account.unit.word().into()),
        ]);
        Entry::commented(sentence(&account.origin.why), &account.key, value)
    });
    let call = module("organization", "organization")
        .gap()
        .set("name", code("var.project"))
        .set("accounts", Expression::Object(entries.collect()))
        .gap()
        .comment("Outside of these no account may make anything; where there is none, no region is shut.")
        .set("regions", list(&organization.regions));
    Root {
        name: "00-accounts",
        text: ACCOUNTS_TEXT,
        reads: &[],
        outputs: vec![
            output(
                "account_ids",
                "Ids of the accounts by key.",
                "module.organization.account_ids",
            ),
            output(
                "account_role_arns",
                "Roles that Terraform takes on in the accounts, by key.",
                "module.organization.account_role_arns",
            ),
            output(
                "organization_id",
                "Id of the organization.",
                "module.organization.organization_id",
            ),
            output(
                "root_id",
                "Id of the root that all units hang on.",
                "module.organization.root_id",
            ),
            output(
                "management_account_id",
                "Id of the account that the organization is managed from.",
                "module.organization.management_account_id",
            ),
        ],
        variables: Vec::new(),
        files: vec![("main.tf", Body::new().block(call))],
    }
}

/// An output of the root that makes the accounts.
fn of_accounts(output: &str) -> String {
    format!("data.terraform_remote_state.accounts.outputs.{output}")
}

fn archive(design: &Design) -> Root<'static> {
    Root {
        name: "10-log-archive",
        text: ARCHIVE_TEXT,
        reads: &["00-accounts"],
        outputs: vec![output(
            "trail_bucket",
            "Bucket that holds the trail of all accounts.",
            "module.log_archive.bucket",
        )],
        variables: Vec::new(),
        files: vec![
            ("main.tf", archive_body(design)),
            ("trail.tf", Body::new().block(trail())),
        ],
    }
}

fn archive_body(design: &Design) -> Body {
    let why = design
        .decision("security.trail_lock")
        .and_then(|decision| decision.overridden.as_ref())
        .map(|reason| sentence(&format!("the policy asks for it: {reason}")));
    let elsewhere = || inline([("aws", code("aws.log_archive"))]);
    let logs = module("access_logs", "log-bucket")
        .set("providers", elsewhere())
        .gap()
        .set(
            "name_prefix",
            template("${substr(local.name, 0, 30)}-logs-"),
        );
    let mut archive = module("log_archive", "log-archive")
        .set("providers", elsewhere())
        .gap()
        .set("name", code("local.name"));
    if let Some(why) = why {
        archive = archive.comment(why);
    }
    let archive = archive
        .set("lock_mode", design.safeguards.trail_lock.word())
        .set("lock_days", design.safeguards.trail_lock_days);
    let organization = of_accounts("organization_id");
    let management = of_accounts("management_account_id");
    Body::new().block(logs).block(arguments(
        archive,
        &[
            ("", ""),
            ("trail_arn", "local.trail_arn"),
            ("writers", &format!("[{management}, {organization}]")),
            ("log_bucket", "module.access_logs.name"),
        ],
    ))
    .block(block("data", &["aws_partition", "current"]))
    .commented(
        "Written out, because the bucket's policy names the trail before it exists.",
        block("locals", &[]).set(
            "trail_arn",
            template(format!("arn:${{data.aws_partition.current.partition}}:cloudtrail:${{var.region}}:${{{management}}}:trail/${{local.name}}")),
        ),
    )
}

fn trail() -> Block {
    block("resource", &["aws_cloudtrail", "this"])
        .comment("checkov:skip=CKV_AWS_252:Nobody waits for single files of the trail")
        .comment("checkov:skip=CKV2_AWS_10:GuardDuty reads the same events in every account; a copy in CloudWatch would be paid for twice")
        .set("name", code("local.name"))
        .set("s3_bucket_name", code("module.log_archive.bucket"))
        .set("kms_key_id", code("module.log_archive.kms_key_arn"))
        .set("is_organization_trail", true)
        .set("is_multi_region_trail", true)
        .set("enable_log_file_validation", true)
}

fn watch(organization: &Organization) -> Root<'static> {
    let regions = match organization.regions.is_empty() {
        true => code("[var.region]"),
        false => list(&organization.regions),
    };
    let call = module("organization_watch", "organization-watch")
        .gap()
        .set("name", code("local.name"))
        .set("root_id", code(of_accounts("root_id")))
        .set("regions", regions);
    Root {
        name: "20-security",
        text: SECURITY_TEXT,
        reads: &["00-accounts"],
        outputs: vec![output(
            "config_aggregator_arn",
            "Where the changes of all accounts are read.",
            "module.organization_watch.aggregator_arn",
        )],
        variables: Vec::new(),
        files: vec![("main.tf", Body::new().block(call))],
    }
}

/// The accounts that a permission set holds for, by name.
pub(super) fn reached_by(set: &str, organization: &Organization) -> Expression {
    let id = |account: &Account| {
        let id = format!("{}[\"{}\"]", of_accounts("account_ids"), account.key);
        (account.key.clone(), code(id))
    };
    let management = || {
        (
            "management".to_owned(),
            code(of_accounts("management_account_id")),
        )
    };
    match set {
        // Bills of all accounts come together where the organization is managed.
        "Billing" => object([management()]),
        "Auditor" => object(organization.accounts.iter().map(id).chain([management()])),
        _ => object(organization.of(Unit::Workloads).map(id)),
    }
}
