//! `35-images`: a pipeline for the image of each service that is made from what was found on its servers.

use reberth_model::design::{Design, Service};

use super::{Root, module, origin, sentence};
use crate::components;
use crate::folder::{Folder, Variable, output, structure, variable};
use crate::hcl::{Block, Body, Entry, Expression, block, call, code, list, object, template};

const TEXT: &str = "\
Images of the services, made by EC2 Image Builder from the documents in `components/`: packages, accounts, the release out of its repository, sites, units and scheduled work as
they were found on the servers, and what must be so before an image is kept. What could not be known stands at the head of each document. Read and complete them: they are yours.

Apply this root, then make each image:

    aws imagebuilder start-image-pipeline-execution --image-pipeline-arn ARN

The new image's id lands in the parameter that `40-apps` reads, and the next plan there rolls the servers over to it. Until the first image a maker's plain one stands in the parameter.

The application is named in `releases`. A token for its repository is written by a person into Secrets Manager under `PROJECT-ENVIRONMENT-SERVICE-image/…` and never stands in a file.
Scheduled work stays off in every image until `schedules_run` is true: set that only when the source's has stopped.";

/// Whether a pipeline makes any image.
pub(super) fn has_content(design: &Design) -> bool {
    components::by_pipeline(design).next().is_some()
}

/// The root.
pub(super) fn root(design: &Design) -> Folder {
    let images = components::by_pipeline(design)
        .map(|service| Entry::commented(comment(service), &service.key, value(design, service)));
    let images =
        Body::new().block(block("locals", &[]).set("images", Expression::Object(images.collect())));
    Root {
        name: "35-images",
        text: TEXT,
        reads: &["00-network", "10-security"],
        outputs: vec![
            output(
                "image_parameters",
                "Systems Manager parameters that name the newest image, by service.",
                "{ for key, image in module.image : key => image.image_parameter }",
            ),
            output(
                "pipeline_arns",
                "ARNs of the pipelines by service.",
                "{ for key, image in module.image : key => image.pipeline_arn }",
            ),
        ],
        variables: variables(),
        files: vec![
            ("images.tf", images),
            ("main.tf", Body::new().block(image(design))),
        ],
    }
    .folder(design)
}

fn variables() -> Vec<Variable> {
    vec![
        structure(
            "releases",
            "map(object(",
            &[
                ("repository", "string"),
                ("revision", "string"),
                ("folder", "string"),
                ("credential_secret", "optional(string)"),
            ],
            "Where the application of each service comes from: the https address of its repository, a commit or tag, the folder, and the secret with a token for it.",
        )
        .default(object::<&str, &str>([])),
        variable(
            "runtimes",
            "string",
            "What another version of a language than at the source does to an image: strict fails it, report only says so.",
        )
        .default("strict"),
        variable(
            "schedules_run",
            "bool",
            "Whether scheduled work runs on servers of these images: only when the source's has stopped.",
        )
        .default(false),
        variable(
            "further_component_arns",
            "map(list(string))",
            "Components of your own by service, for example of languages outside packages.",
        )
        .default(object::<&str, &str>([])),
    ]
}

fn comment(service: &Service) -> Vec<String> {
    let mut paragraphs = origin(&service.origin);
    paragraphs.push(format!("Arrival: {}", sentence(&service.arrival.why)));
    paragraphs.push(format!("Parent: {}", sentence(&service.image.why)));
    paragraphs
}

fn value(design: &Design, service: &Service) -> Expression {
    object([
        (
            "parent_image_parameter",
            Expression::from(&service.image.value),
        ),
        ("root_device", (&service.root_device).into()),
        ("root_disk_gib", service.root_disk_gib.into()),
        ("instance_type", (&service.instance_type.value).into()),
        ("documents", list(components::names(design, service))),
    ])
}

fn image(design: &Design) -> Block {
    let zone = design.network.zones.first().map_or("a", |zone| &zone.key);
    let none = object([
        ("repository", "none"),
        ("revision", "none"),
        ("folder", "none"),
    ]);
    let documents = "{ for index, name in each.value.documents : format(\"%02d\", index + 1) => file(\"${path.module}/components/${name}\") }";
    let subnet = format!("data.terraform_remote_state.network.outputs.app_subnet_ids[\"{zone}\"]");
    let mut made = module("image", "image-pipeline")
        .set("for_each", code("local.images"))
        .gap()
        .set("name", template("${local.name}-${each.key}"))
        .set("documents", code(documents));
    for name in [
        "parent_image_parameter",
        "root_device",
        "root_disk_gib",
        "instance_type",
    ] {
        made = made.set(name, code(format!("each.value.{name}")));
    }
    made.gap()
        .set("release", call("try(var.releases[each.key], ", none))
        .set("runtimes", code("var.runtimes"))
        .set("schedules_run", code("var.schedules_run"))
        .set(
            "further_component_arns",
            code("lookup(var.further_component_arns, each.key, [])"),
        )
        .gap()
        .set(
            "vpc_id",
            code("data.terraform_remote_state.network.outputs.vpc_id"),
        )
        .set("subnet_id", code(subnet))
        .set(
            "kms_key_arn",
            code("data.terraform_remote_state.security.outputs.kms_key_arns[\"compute\"]"),
        )
        .set(
            "log_bucket",
            code("data.terraform_remote_state.security.outputs.log_bucket"),
        )
}
