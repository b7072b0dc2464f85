//! The object store's answers, as far as they are read. Keys of objects are stepped over.

use serde::Deserialize;

/// `ListAllMyBucketsResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct BucketList {
    #[serde(rename = "Buckets", default)]
    pub(super) buckets: NamedBuckets,
    #[serde(rename = "ContinuationToken")]
    pub(super) next: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct NamedBuckets {
    #[serde(rename = "Bucket", default)]
    pub(super) bucket: Vec<NamedBucket>,
}

#[derive(Debug, Deserialize)]
pub(super) struct NamedBucket {
    #[serde(rename = "Name")]
    pub(super) name: String,
    #[serde(rename = "CreationDate")]
    pub(super) created_at: Option<String>,
}

/// `LocationConstraint`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Location {
    #[serde(rename = "$text")]
    pub(super) region: Option<String>,
}

/// `VersioningConfiguration`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Versioning {
    #[serde(rename = "Status")]
    status: Option<String>,
}

impl Versioning {
    /// `off`, `enabled` or `suspended`; a bucket that never had versions has no status.
    pub(super) fn word(self) -> String {
        let status = self.status.filter(|status| !status.is_empty());
        status.map_or_else(|| "off".to_owned(), |status| status.to_lowercase())
    }
}

/// `CORSConfiguration`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Cors {
    #[serde(rename = "CORSRule", default)]
    pub(super) rules: Vec<Stepped>,
}

/// `LifecycleConfiguration`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Lifecycle {
    #[serde(rename = "Rule", default)]
    pub(super) rules: Vec<Stepped>,
}

/// Something that is counted only.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Stepped {}

/// `AccessControlPolicy`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct AccessList {
    #[serde(rename = "Owner", default)]
    pub(super) owner: Party,
    #[serde(rename = "AccessControlList", default)]
    pub(super) grants: Grants,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Grants {
    #[serde(rename = "Grant", default)]
    pub(super) grant: Vec<Grant>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Grant {
    #[serde(rename = "Grantee", default)]
    pub(super) grantee: Party,
    #[serde(rename = "Permission", default)]
    pub(super) permission: String,
}

/// Who owns a bucket or is given a right: an account by its id, or a group by its address.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Party {
    #[serde(rename = "ID")]
    pub(super) id: Option<String>,
    #[serde(rename = "URI")]
    pub(super) group: Option<String>,
}

/// `ListBucketResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Listing {
    #[serde(rename = "Contents", default)]
    pub(super) contents: Vec<Object>,
    #[serde(rename = "IsTruncated", default)]
    pub(super) is_truncated: bool,
    #[serde(rename = "NextContinuationToken")]
    pub(super) next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Object {
    #[serde(rename = "Size")]
    pub(super) size: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::from_xml;

    #[test]
    fn a_listing_is_counted_whatever_its_keys_say() {
        let text = r#"<?xml version="1.0" encoding="UTF-8"?>
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>a</Name>
            <IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b/=</NextContinuationToken>
            <Contents><Key>&lt;Size&gt;9&lt;/Size&gt;</Key><Size>5</Size><Owner><ID>1</ID></Owner></Contents>
            <Prefix/><Contents><Size>7</Size><Key>नाम</Key></Contents></ListBucketResult>"#;
        let listing: Listing = from_xml(text.as_bytes()).unwrap();
        let sizes: Vec<u64> = listing.contents.iter().map(|object| object.size).collect();
        assert_eq!(sizes, [5, 7]);
        assert_eq!(listing.next.as_deref(), Some("a&b/="));
        assert!(listing.is_truncated);
    }

    #[test]
    fn an_answer_that_is_cut_or_of_another_kind_is_refused() {
        let whole = "<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket></Buckets></ListAllMyBucketsResult>";
        let list: BucketList = from_xml(whole.as_bytes()).unwrap();
        assert_eq!(list.buckets.bucket.len(), 1);
        for end in 1..whole.len() {
            assert!(
                from_xml::<BucketList>(&whole.as_bytes()[..end]).is_err(),
                "{end}"
            );
        }
        for other in ["", "{}", "<html><p>busy</html>", "\u{0}"] {
            assert!(from_xml::<Listing>(other.as_bytes()).is_err(), "{other}");
        }
    }

    #[test]
    fn the_word_for_versions_is_known_without_a_status() {
        let word = |text: &str| from_xml::<Versioning>(text.as_bytes()).unwrap().word();
        assert_eq!(word("<VersioningConfiguration/>"), "off");
        let text = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        assert_eq!(word(text), "enabled");
    }
}
