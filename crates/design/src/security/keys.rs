//! Encryption keys: one for each class of data.

use reberth_model::design::{EncryptionKey, Origin};

/// Which classes of data a design has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DataClasses {
    /// Disks of servers or nodes.
    pub(crate) disks: bool,
    /// Files that outlive servers, on disks or in file systems.
    pub(crate) files: bool,
    /// File systems that servers share.
    pub(crate) shared_files: bool,
    /// Images that a pipeline makes.
    pub(crate) images: bool,
    /// Databases.
    pub(crate) databases: bool,
    /// Caches.
    pub(crate) caches: bool,
    /// Buckets.
    pub(crate) buckets: bool,
    /// A cluster with its images and settings.
    pub(crate) cluster: bool,
}

/// One key for each class of data, so that the right to read one class gives nothing of the other.
pub(crate) fn keys(classes: DataClasses) -> Vec<EncryptionKey> {
    let DataClasses {
        disks,
        files,
        shared_files,
        images,
        databases,
        caches,
        buckets,
        cluster,
    } = classes;
    let mut keys = Vec::new();
    if cluster {
        let description = "Secrets within the cluster and images of applications";
        keys.push(key(
            crate::platform::ENCRYPTION_KEY,
            description,
            &["ecr", "eks"],
        ));
    }
    if disks {
        let (description, through): (_, &[&str]) = if images {
            ("Disks and images of servers", &["ec2", "imagebuilder"])
        } else {
            ("Disks of servers", &["ec2"])
        };
        keys.push(key("compute", description, through));
    }
    let through: Vec<&str> = [
        ("backup", databases || buckets || files),
        ("elasticache", caches),
        ("elasticfilesystem", shared_files),
        ("rds", databases),
        ("s3", buckets),
        ("secretsmanager", databases || cluster),
    ]
    .into_iter()
    .filter_map(|(service, is_used)| is_used.then_some(service))
    .collect();
    if !through.is_empty() {
        let description = if cluster {
            "Databases, caches and files, their backups and their passwords, and settings of applications"
        } else {
            "Databases, caches and files, their backups and their passwords"
        };
        keys.push(key("data", description, &through));
    }
    keys
}

fn key(key: &str, description: &str, used_through: &[&str]) -> EncryptionKey {
    EncryptionKey {
        key: key.to_owned(),
        description: description.to_owned(),
        used_through: used_through
            .iter()
            .map(|service| (*service).to_owned())
            .collect(),
        origin: Origin {
            from: Vec::new(),
            why: "one key for each class of data, rotated every year".to_owned(),
        },
    }
}
