//! `docs/disaster-recovery.md`: how the application is rebuilt from the same Terraform, step by step.

use reberth_model::design::Design;

/// The text, from what the design holds.
pub(crate) fn text(design: &Design) -> String {
    let target = &design.target;
    let mut text = format!(
        "# Rebuilding {} after the loss of {}\n\nThe same Terraform builds the application again in another region; data comes from the copies of backups. Practise it twice a year on the sibling of \
         the network's block, and write down how long each step took: that is the recovery time you can promise.\n",
        target.project, target.region
    );
    text.push_str(&what_is_lost(design));
    text.push_str(&steps(design));
    text.push_str(&return_home());
    text
}

fn what_is_lost(design: &Design) -> String {
    let replaced = match &design.platform {
        None => {
            "- **A server or a zone**: nothing to do. Auto Scaling groups replace servers in the zones that are left."
        }
        Some(_) => {
            "- **A node or a zone**: nothing to do. The zones that are left have room for the pods (`report/design.html`, placement), and the node groups replace what was lost."
        }
    };
    let mut lines = vec![replaced.to_owned()];
    let (standby, single): (Vec<_>, Vec<_>) = design.databases.iter().partition(|one| one.multi_az);
    let names = |databases: &[&reberth_model::design::Database]| {
        let keys: Vec<&str> = databases.iter().map(|one| one.key.as_str()).collect();
        keys.join(", ")
    };
    if !standby.is_empty() {
        lines.push(format!(
            "- **The zone of a database with a standby** ({}): RDS hands over within two minutes; connections break once.",
            names(&standby)
        ));
    }
    if !single.is_empty() {
        lines.push(format!(
            "- **The zone of a database without one** ({}): restore to the last five minutes in another zone, `aws rds restore-db-instance-to-point-in-time`.",
            names(&single)
        ));
    }
    let region = match &design.operations.copy_region {
        Some(copy) => format!("- **The region**: the steps below, in {copy}. What was written after the last daily copy is lost."),
        None => "- **The region**: there are no copies elsewhere. What the region holds is lost with it; `operations.copy_region` in the policy changes that.".to_owned(),
    };
    lines.push(region);
    format!(
        "\n## What is lost, and what happens\n\n{}\n",
        lines.join("\n")
    )
}

fn steps(design: &Design) -> String {
    let Some(copy) = &design.operations.copy_region else {
        return String::new();
    };
    let environment = &design.target.environment;
    let sibling = design
        .network
        .reserved
        .iter()
        .find(|block| block.purpose.starts_with("outside this network"))
        .map_or_else(
            || "a block that overlaps nothing".to_owned(),
            |block| format!("`{}`, which is kept free for this", block.cidr),
        );
    let steps = [
        format!("Copy `infra/live/{environment}` to `infra/live/{environment}-dr`. In each `terraform.tfvars` set `region = \"{copy}\"` and `environment = \"{environment}-dr\"`; in each \
                 `backend.tf` and `data.tf` another bucket and keys `{environment}-dr/…`."),
        format!("In `00-network` use {sibling}, and the zone ids of {copy} (`aws ec2 describe-availability-zones --region {copy}`)."),
        match &design.organization {
            None => "Apply `_bootstrap`, `00-network` and `10-security`, in this order.".to_owned(),
            Some(_) => format!(
                "The accounts are bound to no region, and their guardrails let {copy} in; the bucket of their states is. Make one there by a copy of `live/org/_bootstrap`, copy the states of \
                 `org/` into it if you still have them, else import the organization and its accounts. Then apply `00-network` and `10-security`."
            ),
        },
        format!("Databases: for each, the newest recovery point of the vault in {copy} (`aws backup list-recovery-points-by-backup-vault`), and `aws backup start-restore-job` into the \
                 subnet group of `20-data`. Then an `import` block for `aws_db_instance.this` of its module, and `terraform apply`: the plan must not replace it."),
        "Buckets: restore each in the same way into a new bucket, and import it.".to_owned(),
        applications(design, copy),
        "Apply `50-edge` without its zones; the hosted zones are not bound to a region. Distributions keep their names: point their origins to the new load balancers and buckets.".to_owned(),
        "Make one write through the application and read it back, then open it to its users.".to_owned(),
    ];
    let mut text = String::from("\n## The steps\n\n");
    for (index, step) in steps.iter().enumerate() {
        text.push_str(&format!("{}. {step}\n", index + 1));
    }
    text
}

/// How what runs comes back.
fn applications(design: &Design, copy: &str) -> String {
    match &design.platform {
        None => format!(
            "Machine images: copy the last image of each service (`aws ec2 copy-image`) and name it in the Systems Manager parameters that `40-apps` reads in {copy}. Apply `40-apps`."
        ),
        Some(_) => format!(
            "Apply `30-platform` and `40-apps`. Images: build the released commit of each application again, or push the images kept elsewhere, into the repositories in {copy}. Settings: write the \
             secrets anew, the addresses of the restored databases among them. Install the charts of the cluster, then those of the applications."
        ),
    }
}

fn return_home() -> String {
    "\n## The way home\n\nWhen the region is back, what stands there is old: rebuild it as a replica of the new place, and hand over as in the migration, with a fence, a drain and proof. Never switch \
     names back to databases that missed writes.\n"
        .to_owned()
}
