//! Files that are no Terraform: the README of `infra/` and the list of what Git shall ignore.

pub(crate) mod recovery;
pub(crate) mod runbook;

use reberth_model::design::{Design, Front, Organization, left_behind};

/// Names that never belong into version control.
pub(crate) const GITIGNORE: &str = "\
.terraform/
*.tfstate
*.tfstate.*
*.tfplan
crash.log
override.tf
*_override.tf
";

/// `infra/README.md`: what stands here, in which order it is applied, how to go on without Reberth.
pub(crate) fn readme(design: &Design, roots: &[String]) -> String {
    let target = &design.target;
    let mut text = format!(
        "# Infrastructure of {} ({})\n\nTerraform for the target of the migration from {} to AWS {}.\n\
         Generated from design `{}`; every resource says from which item of the source it comes. It is plain Terraform over \
         `aws_*` resources, needs nothing of Reberth to run, and is yours to change: a file you change is never overwritten, \
         a new version lands beside it as `NAME.proposed`.\n",
        target.project,
        target.environment,
        target.source_provider,
        target.region,
        &design.hash.get(..12).unwrap_or(&design.hash)
    );
    text.push_str(&diagram(design));
    if let Some(organization) = &design.organization {
        text.push_str(&accounts(organization));
    }
    text.push_str(&order(roots));
    text.push_str(&not_carried(design));
    text
}

fn diagram(design: &Design) -> String {
    let zones = design.network.zones.len();
    let replicas: usize = design
        .databases
        .iter()
        .map(|database| database.replicas.len())
        .sum();
    let balancers = match design.edge.front {
        Front::Distributions => format!(
            "internet\n   |  443 (80 redirects)\n\
             [ distributions: {}, web firewall ]   at the edge{}\n   |  443, inside the network\n\
             [ load balancers: {} ]   application subnets in {zones} zones, no public address\n   |\n",
            design.edge.distributions.len(),
            match design.buckets.len() {
                0 => String::new(),
                buckets => format!(", files from {buckets} buckets"),
            },
            design.ingresses.len()
        ),
        Front::LoadBalancers => format!(
            "internet\n   |  443 (80 redirects)\n[ load balancers: {} ]   public subnets in {zones} zones, NAT gateways\n   |\n",
            design.ingresses.len()
        ),
    };
    let (runs, reached) = runs(design);
    let port = match design.databases.first() {
        Some(database) if database.engine != "mysql" => 5432,
        _ => 3306,
    };
    format!(
        "\n## What stands here\n\n```\n{balancers}\
         {runs}         application subnets, out through NAT, no public address\n   |  {port}, TLS only\n\
         [ databases: {}, replicas: {replicas}, caches: {} ]   data subnets, no way out\n\
         ```\n\nVPC {}; one key for each class of data; {reached}. The order of the move is in `docs/runbook.md`, the rebuild after a loss in \
         `docs/disaster-recovery.md`.\n",
        design.databases.len(),
        design.caches.len(),
        design.network.cidr
    )
}

/// What runs the application, and how people reach it.
fn runs(design: &Design) -> (String, &'static str) {
    let Some(platform) = &design.platform else {
        let services = format!("[ services: {} ]", design.services.len());
        return (services, "people reach servers through Session Manager");
    };
    let cluster = format!(
        "[ cluster: {} workloads on {} groups of nodes ]",
        platform.workloads.len(),
        platform.node_groups.len()
    );
    (
        cluster,
        "people reach the cluster from inside the network, by roles and not by keys",
    )
}

fn accounts(organization: &Organization) -> String {
    let mut text = String::from(
        "\n## Accounts\n\nAn organization, managed from an account in which nothing runs. Providers take on a role in the account that they work in; ids of accounts come from the state of \
         `live/org/00-accounts`.\n\n| Account | Unit | What for |\n|---|---|---|\n",
    );
    for account in &organization.accounts {
        let why = cell(&account.origin.why);
        text.push_str(&format!(
            "| {} | {} | {why} |\n",
            account.key,
            account.unit.word()
        ));
    }
    text
}

fn order(roots: &[String]) -> String {
    let mut text = String::from(
        "\n## Order of applies\n\nOne folder, one state, in this order; destroy in the opposite order.\n\n",
    );
    for (index, root) in roots.iter().enumerate() {
        text.push_str(&format!("{}. `{root}`\n", index + 1));
    }
    text.push_str(
        "\nIn each: `terraform init`, `terraform plan -out=NAME.tfplan`, review, `terraform apply NAME.tfplan`. The first time, commit the \
         lock file with the hashes of every platform in use:\n\n    \
         terraform providers lock -platform=linux_amd64 -platform=linux_arm64 -platform=darwin_arm64\n\n\
         Plans run with a read-only role; applies with a role for each folder, after review. No long-lived keys.\n",
    );
    text
}

/// One row for each kind and reason, with the names it holds for.
fn not_carried(design: &Design) -> String {
    let mut text = String::from(
        "\n## Not part of this\n\nFound at the source and left there; `design.json` has each with its id.\n\n| Kind | Names | Why |\n|---|---|---|\n",
    );
    for row in left_behind(&design.not_carried) {
        let names: Vec<&str> = row.names.into_iter().collect();
        text.push_str(&format!(
            "| {} | {} | {} |\n",
            cell(row.kind),
            cell(&names.join(", ")),
            cell(&row.why)
        ));
    }
    text
}

/// A text that cannot leave its table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
