//! `_bootstrap`: the bucket for the state of all other roots.

use reberth_model::design::Design;

use super::{Root, module};
use crate::folder::{Folder, output, variable};
use crate::hcl::{Body, code, list};

const TEXT: &str = "\
The bucket that holds the state of every root, its own included. The first apply runs with local state, because the bucket does
not exist yet:

    mv backend.tf backend.tf.later
    terraform init && terraform apply
    mv backend.tf.later backend.tf
    terraform init -migrate-state";

/// The root of an environment that keeps its own states.
pub(super) fn root(design: &Design) -> Folder {
    parts(design).folder(design)
}

/// The root without its place.
pub(super) fn parts(design: &Design) -> Root<'static> {
    let call = module("state_bucket", "state-bucket")
        .gap()
        .set("bucket", &design.target.state_bucket)
        .set("users", code("var.state_users"));
    Root {
        name: "_bootstrap",
        text: TEXT,
        reads: &[],
        outputs: vec![output("state_bucket", "Bucket that holds the state.", "module.state_bucket.bucket")],
        variables: vec![
            variable(
                "state_users",
                "list(string)",
                "ARNs of roles of other accounts that read and write states, such as that of the build machine.",
            )
            .default(list::<&str>([])),
        ],
        files: vec![("main.tf", Body::new().commented(
            "One state for each root, so that a change of an application never plans a change of a database.",
            call,
        ))],
    }
}
