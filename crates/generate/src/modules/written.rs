//! Modules written in Terraform's own language: they hold no value of one project, so nothing is lost by writing them
//! as their readers will read them. Their READMEs are made from what they declare.

use crate::folder::{Declared, Folder};
use std::collections::BTreeMap;

/// The files of one module.
pub(super) struct Written {
    /// Name of its folder.
    pub(super) name: &'static str,
    /// What a reader must know, in Markdown.
    pub(super) text: &'static str,
    /// Its files by name.
    pub(super) files: &'static [(&'static str, &'static str)],
}

/// Takes files of a folder beside this one into the program.
macro_rules! files {
    ($folder:literal: $($name:literal),+) => {
        &[$(($name, include_str!(concat!($folder, "/", $name)))),+]
    };
}

/// All of them, ordered by name.
const ALL: [Written; 31] = [
    Written {
        name: "alarms",
        text: "A topic for notices, and alarms on databases, replicas, load balancers, groups of servers, clusters and the audit trail. Everything has a number to start with.",
        files: files!("alarms": "main.tf", "module.tftest.hcl", "alarms.tf", "audit.tf", "cluster.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "application-secrets",
        text: "Secrets for the settings of applications, made empty: values are written from where they are now, straight into Secrets Manager.",
        files: files!("application_secrets": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "audit-trail",
        text: "CloudTrail of every region into a bucket that can be put under Object Lock (`log-archive`), and into a log group for alarms.\n\n\
               **`COMPLIANCE` is for good:** until its days are over nobody can delete the records or the bucket, not even the root user, and the bill \
               for them goes on. It is set only where the policy of the migration asked for it by name.",
        files: files!("audit_trail": "main.tf", "module.tftest.hcl", "moved.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "backup",
        text: "A vault and a daily plan for databases and buckets, with copies in a second region. RDS keeps its own backups for recovery to a point in \
               time; these are against the loss of the region or of the instance with its backups.",
        files: files!("backup": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "cache",
        text: "An ElastiCache replication group: encrypted at rest and on the way, in the data tier. Clients must speak TLS.",
        files: files!("cache": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "cdn",
        text: "A CloudFront distribution before a private load balancer or before a bucket. The bucket knows the distribution by origin access control, or, where \
               asked for, by the older origin access identity, which cannot read objects under a KMS key.",
        files: files!("cdn": "main.tf", "module.tftest.hcl", "access.tf", "logs.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "cluster",
        text: "An EKS cluster: secrets enveloped under a key, all logs of the control plane, rights by access entries alone, and no public endpoint unless a block of addresses \
               is named. Networking comes as add-ons of known versions (`cluster-addons`), pods have roles of their own (`pod-identity`), so there is no OIDC provider.",
        files: files!("cluster": "main.tf", "module.tftest.hcl", "access.tf", "iam.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "cluster-addons",
        text: "Add-ons that EKS installs and keeps, each of a known version. Called twice: for those without which no node is ready, and for those that run on nodes.",
        files: files!("cluster_addons": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "data-disks",
        text: "Disks that outlive their servers, encrypted, each in one zone. The one server of a service attaches its disk when it starts.",
        files: files!("data_disks": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "datadog",
        text: "Datadog's view of the account, and the key that its agents send under. Three things are left to a person: the key is written into the secret as `{\"api_key\": \"…\"}`; the account is \
               added at Datadog, which shows an id; that id is entered as `external_id`.",
        files: files!("datadog": "main.tf", "module.tftest.hcl", "integration.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "dns-zone",
        text: "A hosted zone with the records of the present one. Names that are switched have two answers, `source` and `target`, and a weight for each: the cutover \
               moves the weights, Terraform leaves them alone.",
        files: files!("dns_zone": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "image-pipeline",
        text: "A pipeline of EC2 Image Builder for the image of one service: components from its documents, a recipe, the server that makes it, and the parameter that names \
               the newest one. A change of a document makes a new component and a new recipe; the image is made when a person or a schedule starts the pipeline.",
        files: files!("image_pipeline": "main.tf", "module.tftest.hcl", "iam.tf", "network.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "image-repository",
        text: "A repository for the images of one application: names never change their image, every image is scanned, and enough releases are kept to go back to.",
        files: files!("image_repository": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "log-bucket",
        text: "A private bucket that services of AWS deliver logs to.",
        files: files!("log_bucket": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "log-archive",
        text: "The bucket and the key that a trail is written into and under. In an organization they stand in an account of their own: nobody who works in another one can delete or read \
               the records.\n\n\
               **`COMPLIANCE` is for good:** until its days are over nobody can delete the records or the bucket, not even the root user, and the bill for them goes on.",
        files: files!("log_archive": "main.tf", "module.tftest.hcl", "key.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "log-search",
        text: "A domain of OpenSearch in private subnets, and a delivery stream that agents write logs to; every line is kept in a bucket as well.\n\n\
               **Once, after the first apply**, under the administrator's role and inside the network: map `delivery_role_arn` to a role that writes the indices `logs-*` (`PUT \
               _plugins/_security/api/rolesmapping/NAME`), or every line goes to the bucket alone.",
        files: files!("log_search": "main.tf", "module.tftest.hcl", "delivery.tf", "network.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "metrics",
        text: "A managed Prometheus with rules, alerts that end at a topic, the right of servers to write to it, and Grafana before it.",
        files: files!("metrics": "main.tf", "module.tftest.hcl", "grafana.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "migration-runner",
        text: "The server that Reberth runs on: no open port, reached through Session Manager, going out by the fixed address of a NAT gateway, with a role that reads \
               the passwords of the databases and nothing else. It goes away with the migration.",
        files: files!("migration_runner": "main.tf", "module.tftest.hcl", "iam.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "node-group",
        text: "A managed node group of Bottlerocket or Amazon Linux 2023 with encrypted disks. Pods do not reach the node's own role, people come in through Session Manager, nodes that stay \
               unhealthy are replaced.",
        files: files!("node_group": "main.tf", "module.tftest.hcl", "iam.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "object-bucket",
        text: "A private, versioned bucket for the application's files.",
        files: files!("object_bucket": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "organization",
        text: "The organization, its units and accounts, what no account may do, and who watches over them.\n\n\
               **An account cannot be taken back:** it takes minutes to make and ninety days to close, and its address is used up. Accounts and the organization are never destroyed by \
               Terraform; taking one out of the list is refused.",
        files: files!("organization": "main.tf", "module.tftest.hcl", "delegation.tf", "outputs.tf", "policies.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "organization-watch",
        text: "GuardDuty, Security Hub, Config and the access analyzer for every account there is and every one that comes, governed from the security account.",
        files: files!("organization_watch": "main.tf", "module.tftest.hcl", "config.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "permission-sets",
        text: "Permission sets of the identity centre, each for one group of the company's directory. The identity centre itself is found, not made.",
        files: files!("permission_sets": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "pod-identity",
        text: "A role for one service account, handed out by EKS and by nobody else. Every action is named.",
        files: files!("pod_identity": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "pod-network",
        text: "A second block of the VPC and subnets in it for pods alone, where the application subnets are too small for them.",
        files: files!("pod_network": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "replication-service",
        text: "AWS DMS: one replication instance and one task for each database, full load and then changes, with DMS's own validation. Tasks are started by a person. \
               Tables, indexes, views, routines and accounts are made before: DMS carries rows only.",
        files: files!("replication_service": "main.tf", "module.tftest.hcl", "iam.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "security-baseline",
        text: "What every account should have: GuardDuty, Security Hub, Config, the access analyzer, and defaults that keep disks encrypted, buckets and snapshots \
               private, and instance metadata behind tokens.",
        files: files!("security_baseline": "main.tf", "module.tftest.hcl", "config.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "server-replication",
        text: "What AWS Application Migration Service needs to copy the disks of servers: its roles, a role for whoever installs its agents, the group of its replication servers, and its two \
               templates as outputs. The AWS provider has no resources of this service, so its own command line takes them:\n\n    \
               aws mgn initialize-service\n    aws mgn create-replication-configuration-template --cli-input-json \"$(terraform output -raw replication_configuration_template)\"\n    \
               aws mgn create-launch-configuration-template --cli-input-json \"$(terraform output -raw launch_configuration_template)\"",
        files: files!("server_replication": "main.tf", "module.tftest.hcl", "iam.tf", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "shared-files",
        text: "A file system that the servers of a service share: encrypted, in every zone, mounted by TLS through its access point and by nobody whose role does not name it.",
        files: files!("shared_files": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "target-group",
        text: "Where a load balancer finds the pods of one workload, by their own addresses. The cluster's controller enters and takes out the pods.",
        files: files!("target_group": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
    Written {
        name: "web-firewall",
        text: "A web firewall with rate limits of its own, one for everything and one for sign-in, and the rule groups that AWS keeps. The two groups that know only what no \
               honest client sends refuse from the first day; the wider ones count until `managed_rules_block` is set.",
        files: files!("web_firewall": "main.tf", "module.tftest.hcl", "outputs.tf", "variables.tf", "versions.tf"),
    },
];

/// The modules of these names, as folders.
pub(super) fn folders(names: &[&str]) -> Vec<Folder> {
    ALL.iter()
        .filter(|module| names.contains(&module.name))
        .map(Written::folder)
        .collect()
}

/// The modules that written ones of these names call. What is called so calls no further one.
pub(super) fn called_by(names: &[&str]) -> Vec<&'static str> {
    let callers = ALL.iter().filter(|module| names.contains(&module.name));
    let lines = callers.flat_map(|module| module.files.iter().flat_map(|(_, text)| text.lines()));
    lines
        .filter_map(|line| {
            line.trim()
                .strip_prefix("source = \"../")?
                .strip_suffix('"')
        })
        .collect()
}

impl Written {
    fn folder(&self) -> Folder {
        let of = |name: &str| {
            let mut files = self.files.iter();
            files
                .find(|(own, _)| *own == name)
                .map_or("", |(_, text)| *text)
        };
        Folder {
            path: format!("infra/modules/{}", self.name),
            title: self.name.to_owned(),
            text: self.text.to_owned(),
            variables: Vec::new(),
            outputs: Vec::new(),
            files: BTreeMap::new(),
            written: self.files.iter().copied().collect(),
            declared: Declared::read(of("variables.tf"), of("outputs.tf")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_written_module_is_taken() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/modules");
        for module in &ALL {
            let folder = root.join(module.name.replace('-', "_"));
            let mut found: Vec<String> = std::fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            found.sort();
            let mut taken: Vec<&str> = module.files.iter().map(|(name, _)| *name).collect();
            taken.sort_unstable();
            assert_eq!(taken, found, "{}", module.name);
        }
    }

    #[test]
    fn what_a_module_calls_comes_with_it() {
        assert_eq!(called_by(&["audit-trail", "cache"]), ["log-archive"]);
        let names: Vec<&str> = ALL.iter().map(|module| module.name).collect();
        let called = called_by(&names);
        assert!(called.iter().all(|name| names.contains(name)));
        assert_eq!(called_by(&called), [""; 0]);
    }

    #[test]
    fn a_readme_lists_what_the_module_declares() {
        let folder = folders(&["web-firewall"]).remove(0);
        let readme = folder.readme();
        assert!(readme.contains("| `scope` | CLOUDFRONT for distributions, REGIONAL for load balancers. | `string` | yes |"), "{readme}");
        assert!(
            readme
                .contains("| `log_retention_days` | Days that the log is kept. | `number` | no |"),
            "{readme}"
        );
        assert!(
            readme.contains("| `arn` | ARN of the firewall. |"),
            "{readme}"
        );
        let folder = folders(&["dns-zone"]).remove(0);
        assert!(
            folder.readme().contains("`map(object({…}))`"),
            "{}",
            folder.readme()
        );
    }
}
