//! `imports.tf` of a root: what is in AWS already and is taken over by the first plan, where a person sees it.

use reberth_model::design::Design;
use reberth_model::policy::{Adoptable, Adopted};

use crate::hcl::{Body, block, code};

/// The import blocks of one root, if it has any.
pub(super) fn of(design: &Design, root: &str) -> Option<Body> {
    let own = design
        .adopted
        .iter()
        .filter_map(|adopted| {
            let (place, address) = address(design, adopted)?;
            (place == root).then_some((address, &adopted.id))
        })
        .fold(Body::new(), |body, (address, id)| {
            body.block(block("import", &[]).set("to", code(address)).set("id", id))
        });
    (own != Body::new()).then_some(own)
}

/// Name of the root, and the address in it.
fn address(design: &Design, adopted: &Adopted) -> Option<(&'static str, String)> {
    let name = adopted.name.as_deref().unwrap_or_default();
    let baseline = |resource: &str| format!("module.security_baseline.{resource}.this[0]");
    Some(match adopted.what {
        Adoptable::Account => (
            "00-accounts",
            format!("module.organization.aws_organizations_account.this[\"{name}\"]"),
        ),
        Adoptable::Organization => (
            "00-accounts",
            "module.organization.aws_organizations_organization.this".to_owned(),
        ),
        Adoptable::Bucket => (
            "20-data",
            format!("module.bucket[\"{name}\"].aws_s3_bucket.this"),
        ),
        Adoptable::ImageRepository => (
            "40-apps",
            format!("module.repository[\"{name}\"].aws_ecr_repository.this"),
        ),
        Adoptable::HostedZone => {
            let zone = design.edge.zones.iter().find(|zone| zone.name == name)?;
            let address = format!("module.zone[\"{}\"].aws_route53_zone.this", zone.key);
            ("50-edge", address)
        }
        Adoptable::GuarddutyDetector => ("10-security", baseline("aws_guardduty_detector")),
        Adoptable::SecurityHub => ("10-security", baseline("aws_securityhub_account")),
        Adoptable::ConfigRecorder => ("10-security", baseline("aws_config_configuration_recorder")),
        Adoptable::ConfigDeliveryChannel => {
            ("10-security", baseline("aws_config_delivery_channel"))
        }
    })
}
