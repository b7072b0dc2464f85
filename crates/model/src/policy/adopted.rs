//! What is in AWS already and shall be taken over instead of made.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Something that exists in AWS already and becomes part of the target.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Adopted {
    /// What it is.
    pub what: Adoptable,
    /// Which item of the design it becomes, by its key or, of a zone, its name; none of what an account has once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its id in AWS, as Terraform imports it: the name of a bucket, the id of a zone, the number of an account.
    pub id: String,
}

/// What can be taken over.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Adoptable {
    /// An account of the organization; the id is its number.
    Account,
    /// A bucket; the id is its name.
    Bucket,
    /// The delivery channel of Config; the id is its name.
    ConfigDeliveryChannel,
    /// The recorder of Config; the id is its name.
    ConfigRecorder,
    /// The detector of GuardDuty.
    GuarddutyDetector,
    /// A hosted zone.
    HostedZone,
    /// A repository of images; the id is its name.
    ImageRepository,
    /// The organization.
    Organization,
    /// Security Hub; the id is the account's number.
    SecurityHub,
}

impl Adoptable {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Adoptable::Account => "account",
            Adoptable::Bucket => "bucket",
            Adoptable::ConfigDeliveryChannel => "config_delivery_channel",
            Adoptable::ConfigRecorder => "config_recorder",
            Adoptable::GuarddutyDetector => "guardduty_detector",
            Adoptable::HostedZone => "hosted_zone",
            Adoptable::ImageRepository => "image_repository",
            Adoptable::Organization => "organization",
            Adoptable::SecurityHub => "security_hub",
        }
    }

    /// Whether there may be several, so that a name tells which.
    pub fn is_named(self) -> bool {
        matches!(
            self,
            Adoptable::Account
                | Adoptable::Bucket
                | Adoptable::HostedZone
                | Adoptable::ImageRepository
        )
    }
}

/// Whether each has a name where it needs one, and stands once. The error is a text to find the line by, and the message.
pub(super) fn check(adopted: &[Adopted]) -> Result<(), (String, String)> {
    let mut seen = BTreeSet::new();
    for (index, own) in adopted.iter().enumerate() {
        let fault = if own.name.is_some() != own.what.is_named() {
            match own.what.is_named() {
                true => "needs the name of the item that it becomes",
                false => "has no name: an account has it once",
            }
        } else if own.id.is_empty() || !own.id.chars().all(|c| c.is_ascii_graphic()) {
            "needs its id in AWS, without blanks"
        } else if !seen.insert((own.what, own.name.as_deref())) {
            "is listed twice"
        } else {
            continue;
        };
        let what = own.what.words();
        return Err((
            own.id.clone(),
            format!("target.adopt[{index}] ({what}) {fault}"),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_where_they_are_needed() {
        let one = |what, name: Option<&str>, id: &str| Adopted {
            what,
            name: name.map(str::to_owned),
            id: id.to_owned(),
        };
        let detector = || one(Adoptable::GuarddutyDetector, None, "12ab");
        for (adopted, expected) in [
            (
                vec![detector(), one(Adoptable::Bucket, Some("media"), "m")],
                None,
            ),
            (
                vec![one(Adoptable::Bucket, None, "m")],
                Some("needs the name"),
            ),
            (
                vec![one(Adoptable::SecurityHub, Some("x"), "1")],
                Some("has no name"),
            ),
            (vec![detector(), detector()], Some("listed twice")),
            (
                vec![one(Adoptable::ConfigRecorder, None, "a b")],
                Some("without blanks"),
            ),
        ] {
            let found = check(&adopted).err().map(|(_, message)| message);
            match (&found, expected) {
                (None, None) => {}
                (Some(message), Some(part)) => assert!(message.contains(part), "{message}"),
                other => panic!("{adopted:?}: {other:?}"),
            }
        }
    }
}
