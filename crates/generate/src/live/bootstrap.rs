//! `_bootstrap`: the bucket for the state of all other roots.

use reberth_model::design::Design;

use super::{Root, module};
use crate::folder::{Folder, output};
use crate::hcl::Body;

const TEXT: &str = "\
The bucket that holds the state of every root, its own included. The first apply runs with local state, because the bucket does
not exist yet:

    mv backend.tf backend.tf.later
    terraform init && terraform apply
    mv backend.tf.later backend.tf
    terraform init -migrate-state";

/// The root.
pub(super) fn root(design: &Design) -> Folder {
    let call = module("state_bucket", "state-bucket")
        .gap()
        .set("bucket", &design.target.state_bucket);
    Root {
        name: "_bootstrap",
        text: TEXT,
        reads: &[],
        outputs: vec![output("state_bucket", "Bucket that holds the state.", "module.state_bucket.bucket")],
        variables: Vec::new(),
        files: vec![("main.tf", Body::new().commented(
            "One state for each root, so that a change of an application never plans a change of a database.",
            call,
        ))],
    }
    .folder(design)
}
