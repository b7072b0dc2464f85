//! The object store, asked with its own key: which buckets there are, how large they are, how they are set.
//!
//! Every region is a store of its own with its own list. All regions are asked, since a bucket may stand where nothing else of the account does. Only
//! GET is sent. Whatever goes wrong here costs what the object store would have told and nothing else: the key is not the API's token, and the
//! account itself was read without it.
//!
//! A size is counted by listing, up to [`LISTED_OBJECTS_MAX`] objects of a bucket; above that the estate says "at least". Versions that were
//! replaced and parts of unfinished uploads are not in a listing.

mod access;
mod documents;

use std::collections::BTreeSet;

use reberth_model::estate::BucketSettings;
use serde::de::DeserializeOwned;

use super::ObjectStore;
use super::buckets::{Buckets, Size, Told};
use super::reader::Reader;
use crate::answer_cache::Validity;
use crate::client::{Answer, from_xml};
use crate::segment::segment;
use crate::{Api, DiscoverError, Patience, Progress};
use documents::{
    AccessList, BucketList, Cors, Lifecycle, Listing, Location, NamedBucket, Versioning,
};

/// What stands in `not_visible` when the buckets cannot be listed.
pub(super) const LIST: &str = "bucket list of the object store";
/// Why, when nobody gave a key.
pub(super) const NO_KEY: &str = "only the object store lists buckets, to a key pair of its own (SPACES_ACCESS_KEY_ID and SPACES_SECRET_ACCESS_KEY), and it was not asked; buckets named elsewhere are listed, without size";

/// The regions that have a store, by <https://docs.digitalocean.com/platform/regional-availability/>.
const REGIONS: [&str; 11] = [
    "ams3", "atl1", "blr1", "fra1", "lon1", "nyc3", "sfo2", "sfo3", "sgp1", "syd1", "tor1",
];
/// What is signed for at an endpoint that is not of one region.
const REGION_OF_ANY: &str = "us-east-1";

const OBJECTS_OF_A_PAGE: u64 = 1_000;
/// Objects of one bucket that are counted: 100 requests, half a minute at the pace of a live API.
const LISTED_OBJECTS_MAX: u64 = 100_000;
/// Pages of a list of buckets; an account may have 100 buckets unless it asks for more.
const BUCKET_PAGES_MAX: usize = 100;

/// A store that answers for one region, or for all.
struct Store<'a> {
    api: Api,
    region: Option<String>,
    reader: &'a Reader<'a>,
}

/// Asks every region's store for its buckets.
pub(super) async fn gather(
    access: &ObjectStore,
    patience: &Patience,
    reader: &Reader<'_>,
    buckets: &mut Buckets,
) {
    for (address, region) in endpoints(access, buckets) {
        let signed_for = region.as_deref().unwrap_or(REGION_OF_ANY);
        let what = match &region {
            Some(region) => format!("{LIST} in {region}"),
            None => LIST.to_owned(),
        };
        let api = Api::of_object_store(&address, access.key.clone(), signed_for);
        let read = match api {
            Ok(api) => {
                let api = api.with_patience(patience.clone());
                let store = Store {
                    api,
                    region,
                    reader,
                };
                store.gather(&what, buckets).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = read {
            reader.note_not_visible(&what, told(&error));
        }
    }
}

fn endpoints(access: &ObjectStore, buckets: &Buckets) -> Vec<(String, Option<String>)> {
    if let Some(address) = &access.address {
        return vec![(address.clone(), None)];
    }
    let named = buckets.regions().filter(|region| is_slug(region));
    let regions: BTreeSet<&str> = REGIONS.into_iter().chain(named).collect();
    regions
        .into_iter()
        .map(|region| {
            let address = format!("https://{region}.digitaloceanspaces.com");
            (address, Some(region.to_owned()))
        })
        .collect()
}

/// Whether it can be the first part of a host name: it comes from an answer, and the signed request goes there.
fn is_slug(region: &str) -> bool {
    !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The error with its cause, which names the network's trouble.
fn told(error: &DiscoverError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

impl Store<'_> {
    async fn gather(&self, what: &str, buckets: &mut Buckets) -> Result<(), DiscoverError> {
        let Some(list) = self.list(what).await? else {
            return Ok(());
        };
        let total = list.len();
        // Named first, so that trouble with one loses none.
        for NamedBucket { name, created_at } in &list {
            let settings = BucketSettings {
                created_at: created_at.clone(),
                ..BucketSettings::default()
            };
            let size = None;
            buckets.told(name, self.region.clone(), Told { size, settings });
        }
        for (done, NamedBucket { name, created_at }) in list.into_iter().enumerate() {
            let path = format!("/{}", segment(&name));
            let region = match &self.region {
                Some(region) => Some(region.clone()),
                None => self.location(&path).await?,
            };
            let settings = self.settings(&path, created_at).await?;
            let size = self.size(&path).await?;
            buckets.told(&name, region, Told { size, settings });
            self.reader.tell(Progress::Advanced {
                what: "buckets",
                done: done + 1,
                total,
            });
        }
        Ok(())
    }

    /// All buckets of the store; `None`, and a note, when the key may not list them.
    async fn list(&self, what: &str) -> Result<Option<Vec<NamedBucket>>, DiscoverError> {
        let (mut buckets, mut path) = (Vec::new(), "/".to_owned());
        for _ in 0..BUCKET_PAGES_MAX {
            let answer = self.ask(&path, from_xml::<BucketList>).await?;
            let Some(page) = self.reader.found_or_noted(what, answer) else {
                return Ok(None);
            };
            buckets.extend(page.buckets.bucket);
            match page.next.filter(|next| !next.is_empty()) {
                Some(next) => path = format!("/?continuation-token={}", segment(&next)),
                None => return Ok(Some(buckets)),
            }
        }
        let reason = format!("the list has more than {BUCKET_PAGES_MAX} pages");
        self.reader.note_not_visible(what, reason);
        Ok(Some(buckets))
    }

    /// The region; without a word of it the store's first one.
    async fn location(&self, path: &str) -> Result<Option<String>, DiscoverError> {
        let location: Option<Location> = self.part(path, "location").await?;
        Ok(location.and_then(|location| location.region.filter(|name| !name.is_empty())))
    }

    async fn settings(
        &self,
        path: &str,
        created_at: Option<String>,
    ) -> Result<BucketSettings, DiscoverError> {
        let versioning: Option<Versioning> = self.part(path, "versioning").await?;
        let cors: Option<Cors> = self.part(path, "cors").await?;
        let lifecycle: Option<Lifecycle> = self.part(path, "lifecycle").await?;
        let access: Option<AccessList> = self.part(path, "acl").await?;
        Ok(BucketSettings {
            created_at,
            versioning: versioning.map(Versioning::word),
            cors_rules: cors.map(|cors| cors.rules.len() as u64),
            lifecycle_rules: lifecycle.map(|lifecycle| lifecycle.rules.len() as u64),
            access_list: access.map(access::of_list),
            policy: self.policy(path).await?,
        })
    }

    /// A part of a bucket's settings: as if empty when there is none, `None` and a note when it cannot be read.
    async fn part<T: DeserializeOwned + Default>(
        &self,
        path: &str,
        name: &str,
    ) -> Result<Option<T>, DiscoverError> {
        let path = format!("{path}?{name}");
        match self.ask(&path, from_xml::<T>).await? {
            Answer::Absent(_) => Ok(Some(T::default())),
            answer => Ok(self.reader.found_or_noted(&self.named(&path), answer)),
        }
    }

    async fn policy(&self, path: &str) -> Result<Option<Vec<String>>, DiscoverError> {
        let path = format!("{path}?policy");
        let parse = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes);
        match self.ask(&path, parse).await? {
            Answer::Absent(_) => Ok(Some(Vec::new())),
            answer => {
                let policy = self.reader.found_or_noted(&self.named(&path), answer);
                Ok(policy.as_ref().map(access::of_policy))
            }
        }
    }

    /// Bytes and objects by listing; `None`, and a note, when they cannot be listed.
    async fn size(&self, path: &str) -> Result<Option<Size>, DiscoverError> {
        let first = format!("{path}?list-type=2&max-keys={OBJECTS_OF_A_PAGE}");
        let (mut size, mut asked) = (Size::default(), first.clone());
        loop {
            let answer = self.ask(&asked, from_xml::<Listing>).await?;
            let Some(page) = self.reader.found_or_noted(&self.named(path), answer) else {
                return Ok(None);
            };
            size.objects += page.contents.len() as u64;
            size.bytes += page.contents.iter().map(|object| object.size).sum::<u64>();
            let next = page
                .next
                .filter(|next| page.is_truncated && !next.is_empty());
            let Some(next) = next else {
                // A list that says that it goes on and not where cannot be followed.
                size.is_in_part = page.is_truncated;
                return Ok(Some(size));
            };
            if size.objects >= LISTED_OBJECTS_MAX {
                size.is_in_part = true;
                return Ok(Some(size));
            }
            asked = format!("{first}&continuation-token={}", segment(&next));
        }
    }

    async fn ask<T>(
        &self,
        path: &str,
        parse: impl Fn(&[u8]) -> serde_json::Result<T>,
    ) -> Result<Answer<T>, DiscoverError> {
        let tell = |progress| self.reader.tell(progress);
        self.api.get(path, Validity::Confirmed, parse, &tell).await
    }

    /// How a path of the store is told from one of the API.
    fn named(&self, path: &str) -> String {
        format!("object store {path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_request_goes_to_the_providers_hosts_only() {
        let mut buckets = Buckets::default();
        buckets.saw("a", "cdn_origin", Some("new9"));
        buckets.saw("b", "cdn_origin", Some("evil.example/"));
        let key = crate::ObjectStoreKey::new("id", "secret").unwrap();
        let mut access = ObjectStore { key, address: None };
        let hosts = endpoints(&access, &buckets);
        assert_eq!(hosts.len(), REGIONS.len() + 1);
        for (address, region) in hosts {
            let region = region.unwrap();
            assert_eq!(address, format!("https://{region}.digitaloceanspaces.com"));
            assert!(region == "new9" || REGIONS.contains(&region.as_str()));
        }
        access.address = Some("http://127.0.0.1:1".to_owned());
        assert_eq!(endpoints(&access, &buckets).len(), 1);
    }
}
