//! Buckets as an object store tells them that checks signatures.

use reberth_discover::digitalocean::{self, ObjectStore as Access, Options};
use reberth_discover::{Api, ObjectStoreKey, Token};
use reberth_model::estate::{Attributes, Bucket, BucketSettings, Estate};
use reberth_testkit::object_store::ObjectStore;
use reberth_testkit::replay::{Faults, Recording, Replay};

use crate::harness::{MEASURED_UNTIL, TOKEN, bytes, short_patience};

/// All that a reading key needs.
const READS: [&str; 2] = ["s3:List*", "s3:Get*"];

fn discover(store: &ObjectStore, id: &str, secret: &str) -> Estate {
    let replay = Replay::start(Recording::edtech(), TOKEN, Faults::default())
        .expect("a loopback port is free");
    let api =
        Api::new(&replay.url(), Token::new(TOKEN).expect("a good token")).expect("a good address");
    let api = api.with_patience(short_patience());
    let options = Options {
        measured_until_epoch_seconds: MEASURED_UNTIL,
        object_store: Some(Access {
            key: ObjectStoreKey::new(id, secret).expect("a good key"),
            address: Some(store.url()),
        }),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let estate = runtime.block_on(digitalocean::discover(&api, &options, &|_| {}));
    let estate = estate.expect("the object store costs no more than its own part");
    let text = bytes(&estate);
    assert!(
        !text.contains(secret) && !text.contains(id),
        "the key leaked"
    );
    estate
}

fn bucket<'a>(estate: &'a Estate, name: &str) -> (&'a Bucket, Option<&'a str>) {
    let mut found = estate.of_kind("bucket").filter(|bucket| bucket.id == name);
    let resource = found
        .next()
        .unwrap_or_else(|| panic!("{name} is not listed"));
    match &resource.attributes {
        Attributes::Bucket(bucket) => (bucket, resource.region.as_deref()),
        _ => unreachable!("it is of the kind bucket"),
    }
}

fn settings(bucket: &Bucket) -> &BucketSettings {
    bucket.settings.as_ref().expect("the store was asked")
}

/// Three buckets: one that the recorded account names, with settings; one that nothing names; one that everyone may read.
fn furnished() -> ObjectStore {
    let store = ObjectStore::start().expect("moto is installed");
    let made = "<CreateBucketConfiguration><LocationConstraint>ap-south-1</LocationConstraint></CreateBucketConfiguration>";
    for name in ["lms-media", "nobody-names-me", "open.to-all"] {
        store
            .send("PUT", &format!("/{name}"), made)
            .expect("a new name");
    }
    let put = |path: &str, body: &str| store.send("PUT", path, body).expect("the bucket is there");
    put(
        "/lms-media?versioning",
        "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    );
    put(
        "/lms-media?cors",
        "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>",
    );
    put(
        "/lms-media?lifecycle",
        "<LifecycleConfiguration><Rule><ID>old</ID><Filter><Prefix/></Filter><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule>\
         <Rule><ID>older</ID><Filter><Prefix>a/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>99</Days></Expiration></Rule></LifecycleConfiguration>",
    );
    put(
        "/open.to-all?policy",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::open.to-all/*"}]}"#,
    );
    store
}

#[test]
fn buckets_come_with_size_settings_and_access() {
    let store = furnished();
    // More than one page of a listing.
    for number in 0..1_003 {
        let path = format!("/nobody-names-me/%E0%A4%A8%26{number}");
        store.send("PUT", &path, "12345").unwrap();
    }
    let (id, secret) = store.lock(&READS).unwrap();
    let estate = discover(&store, &id, &secret);
    let hidden = estate
        .not_visible
        .iter()
        .filter(|part| part.what.contains("object store"));
    assert_eq!(hidden.collect::<Vec<_>>(), Vec::<&_>::new());

    let (media, region) = bucket(&estate, "lms-media");
    assert_eq!(region, Some("ap-south-1"), "the store knows its region");
    assert!(media.seen_in.contains(&"list_buckets".to_owned()) && media.seen_in.len() > 1);
    assert_eq!((media.size_bytes, media.objects), (Some(0), Some(0)));
    let told = settings(media);
    assert_eq!(told.versioning.as_deref(), Some("enabled"));
    assert_eq!((told.cors_rules, told.lifecycle_rules), (Some(1), Some(2)));
    assert_eq!(told.policy.as_deref(), Some(&[][..]));
    assert!(told.created_at.is_some());

    let (unnamed, _) = bucket(&estate, "nobody-names-me");
    assert_eq!(unnamed.seen_in, ["list_buckets"]);
    assert_eq!(
        (unnamed.objects, unnamed.size_bytes),
        (Some(1_003), Some(5_015))
    );
    assert!(!unnamed.is_counted_in_part);
    let told = settings(unnamed);
    assert_eq!((told.cors_rules, told.lifecycle_rules), (Some(0), Some(0)));
    assert_eq!(told.versioning.as_deref(), Some("off"));
    assert_eq!(told.access_list.as_deref(), Some(&[][..]));

    let (open, _) = bucket(&estate, "open.to-all");
    let everyone = ["everyone: s3:GetObject".to_owned()];
    assert_eq!(settings(open).policy.as_deref(), Some(&everyone[..]));
    assert_eq!(
        estate.counts["bucket"],
        5,
        "three listed, two more that the account names: {:?}",
        estate
            .of_kind("bucket")
            .map(|one| &one.id)
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_key_that_is_wrong_or_may_not_costs_only_the_buckets() {
    let store = furnished();
    let (id, secret) = store.lock(&READS).unwrap();
    for (id, secret) in [(id.as_str(), "another-secret"), ("NOBODY", secret.as_str())] {
        let estate = discover(&store, id, secret);
        let mut notes = estate.not_visible.iter();
        let note = notes.find(|part| part.what == "bucket list of the object store");
        let reason = &note.expect("it says what is missing").reason;
        assert!(reason.starts_with("403"), "{reason}");
        assert_eq!(estate.counts["server"], 11);
        let (media, _) = bucket(&estate, "lms-media");
        assert_eq!((media.size_bytes, &media.settings), (None, &None));
    }
}

#[test]
fn what_the_key_may_not_read_of_a_bucket_is_unknown() {
    let store = furnished();
    let (id, secret) = store
        .lock(&["s3:ListAllMyBuckets", "s3:GetBucketLocation"])
        .unwrap();
    let estate = discover(&store, &id, &secret);
    let (open, _) = bucket(&estate, "open.to-all");
    assert_eq!((open.size_bytes, open.objects), (None, None));
    assert_eq!(
        (&settings(open).policy, &settings(open).access_list),
        (&None, &None)
    );
    let mut notes = estate.not_visible.iter();
    assert!(notes.any(|part| part.what == "object store /open.to-all?policy"));
}
