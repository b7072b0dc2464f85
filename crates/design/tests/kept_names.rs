//! What a rename at the source, or a newcomer of the same name, must not destroy at the target.

use reberth_design::design;
use reberth_model::design::Design;
use reberth_model::estate::{Attributes, Bucket, Estate};

use crate::estates::{policy, resource, server, small};

/// Keys and names of everything that stands at the target.
fn names(design: &Design) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for own in &design.databases {
        names.extend([own.key.clone(), own.security_group.clone()]);
        names.extend(own.replicas.iter().map(|replica| replica.key.clone()));
    }
    names.extend(design.caches.iter().map(|own| own.name.clone()));
    names.extend(design.buckets.iter().map(|own| own.name.clone()));
    names.extend(design.services.iter().map(|own| own.key.clone()));
    names.extend(design.ingresses.iter().map(|own| own.name.clone()));
    names.extend(design.security_groups.iter().map(|own| own.key.clone()));
    names
}

fn second(estate: &Estate, first: &Design) -> Design {
    design(estate, &policy(), "", Some(first)).unwrap()
}

#[test]
fn what_is_renamed_at_the_source_keeps_its_name_at_the_target() {
    let first = design(&small(), &policy(), "", None).unwrap();
    let mut renamed = small();
    for own in &mut renamed.resources {
        if matches!(
            own.attributes.kind(),
            "database" | "database_replica" | "cache" | "bucket" | "server" | "load_balancer"
        ) {
            // Of two servers in one group both are renamed alike.
            own.name = format!("new-{}", own.name);
        }
    }
    let second = second(&renamed, &first);
    assert_eq!(names(&second), names(&first));
    // Without the earlier design the names are new: it is the ledger that keeps them.
    let fresh = design(&renamed, &policy(), "", None).unwrap();
    assert_ne!(names(&fresh), names(&first));
}

#[test]
fn a_newcomer_of_the_same_name_takes_no_key_away() {
    let first = design(&small(), &policy(), "", None).unwrap();
    let mut grown = small();
    let twin = |id: &str, name: &str, attributes| resource(id, name, attributes);
    let bucket = Attributes::Bucket(Bucket::default());
    let web = Attributes::Server(server("s-4vcpu-8gb", 8192, &["env:aaa", "school"]));
    // Both stand before the older ones in every order.
    grown
        .resources
        .insert(0, twin("0-bucket", "school-media", bucket));
    grown.resources.insert(0, twin("01", "school-web-00", web));
    let second = second(&grown, &first);
    let kept = names(&second);
    for name in names(&first) {
        assert!(kept.contains(&name), "{name} is gone: {kept:?}");
    }
    let key_of = |design: &Design, id: &str| {
        let mut buckets = design.buckets.iter();
        let own = buckets.find(|own| own.origin.from == [id.to_owned()]);
        own.unwrap().key.clone()
    };
    assert_eq!(key_of(&second, "school-media"), "school-media");
    assert_ne!(key_of(&second, "0-bucket"), "school-media");
}

#[test]
fn what_is_made_anew_under_the_old_name_takes_the_old_place() {
    let first = design(&small(), &policy(), "", None).unwrap();
    let mut remade = small();
    for own in &mut remade.resources {
        if own.id == "cache-1" {
            own.id = "cache-2".to_owned();
        }
    }
    let second = second(&remade, &first);
    assert_eq!(second.caches[0].name, first.caches[0].name);
}
