//! Files of `20-data`: file systems that servers share, and disks that one server takes with it.

use reberth_model::design::{Design, FileForm, FileStore};

use crate::folder::{Output, output};
use crate::hcl::{Block, Body, Expression, block, code, object, template};
use crate::live::{arguments, entry, module};
use std::collections::BTreeMap;

fn of(design: &Design, form: FileForm) -> Vec<&FileStore> {
    let stores = design.files.iter();
    stores.filter(|store| store.form == form).collect()
}

/// `files.tf`.
pub(super) fn body(design: &Design) -> Body {
    let mut body = Body::new();
    let shared = of(design, FileForm::Shared);
    if !shared.is_empty() {
        let entries = shared.iter().map(|store| {
            let value = object([("security_group", &store.security_group)]);
            entry(&store.key, &store.origin, value)
        });
        let locals =
            block("locals", &[]).set("shared_files", Expression::Object(entries.collect()));
        body = body.block(locals).block(shared_call());
    }
    let disks = of(design, FileForm::Disk);
    if !disks.is_empty() {
        let entries = disks.iter().map(|store| {
            let subnet = format!(
                "data.terraform_remote_state.network.outputs.app_subnet_ids[\"{}\"]",
                store.zone
            );
            let value = object([
                ("size_gib", Expression::from(store.size_gib)),
                ("subnet_id", code(subnet)),
            ]);
            entry(&store.key, &store.origin, value)
        });
        let locals = block("locals", &[]).set("data_disks", Expression::Object(entries.collect()));
        body = body.block(locals).block(disks_call());
    }
    body
}

fn shared_call() -> Block {
    let call = module("shared_files", "shared-files")
        .set("for_each", code("local.shared_files"))
        .gap()
        .set("name", template("${local.name}-${each.key}"));
    arguments(
        call,
        &[
            (
                "subnet_ids",
                "data.terraform_remote_state.network.outputs.app_subnet_ids",
            ),
            (
                "security_group_ids",
                "[data.terraform_remote_state.security.outputs.security_group_ids[each.value.security_group]]",
            ),
            (
                "kms_key_arn",
                "data.terraform_remote_state.security.outputs.kms_key_arns[\"data\"]",
            ),
        ],
    )
}

fn disks_call() -> Block {
    let call = module("data_disks", "data-disks")
        .gap()
        .set("name", code("local.name"));
    arguments(
        call,
        &[
            ("disks", "local.data_disks"),
            (
                "kms_key_arn",
                "data.terraform_remote_state.security.outputs.kms_key_arns[\"compute\"]",
            ),
        ],
    )
}

/// Outputs of the files.
pub(super) fn outputs(design: &Design) -> Vec<Output> {
    let mut outputs = Vec::new();
    if !of(design, FileForm::Shared).is_empty() {
        outputs.push(output(
            "shared_files",
            "File systems that servers share, with their access points, by key.",
            "{ for key, files in module.shared_files : key => { id = files.id, arn = files.arn, access_point_id = files.access_point_id, access_point_arn = files.access_point_arn } }",
        ));
    }
    if !of(design, FileForm::Disk).is_empty() {
        outputs.push(output(
            "data_disks",
            "Id and ARN of the disks by key.",
            "module.data_disks.disks",
        ));
    }
    outputs
}

/// Which service mounts which files, and where; `None` where no service mounts anything.
pub(in crate::live) fn mounts(design: &Design) -> Option<Block> {
    if design.files.is_empty() {
        return None;
    }
    let mut mounts = block("locals", &[])
        .comment("Where the servers of each service mount the files of `20-data`.")
        .set("shared_files", by_service(&of(design, FileForm::Shared)))
        .gap()
        .set("data_disks", by_service(&of(design, FileForm::Disk)));
    let disks = of(design, FileForm::Disk);
    let zones: BTreeMap<&String, &String> =
        disks.iter().map(|own| (&own.service, &own.zone)).collect();
    if !zones.is_empty() {
        mounts = mounts
            .gap()
            .comment("A disk lives in one zone, so the one server that takes it with it does too.")
            .set("zones", object(zones));
    }
    Some(mounts)
}

fn by_service(stores: &[&FileStore]) -> Expression {
    let mut services: BTreeMap<&String, BTreeMap<&String, &String>> = BTreeMap::new();
    for store in stores {
        let own = services.entry(&store.service).or_default();
        own.insert(&store.key, &store.path);
    }
    object(
        services
            .into_iter()
            .map(|(service, paths)| (service, object(paths))),
    )
}

/// Whether any service has files of this form.
pub(in crate::live) fn has(design: &Design, form: FileForm) -> bool {
    !of(design, form).is_empty()
}
