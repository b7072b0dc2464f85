//! Each fault planted in a sound design is noted.

use reberth_design::{design, notes};
use reberth_model::design::{Design, Peer};

use crate::estates::{policy, small};

#[test]
fn a_sound_design_has_no_notes() {
    assert_eq!(notes(&design(&small(), &policy(), "", None).unwrap()), []);
}

#[test]
fn planted_faults_are_noted() {
    type Fault = fn(&mut Design);
    let faults: [(Fault, &str); 12] = [
        (
            |design| design.network.subnets[1].cidr = design.network.subnets[0].cidr.clone(),
            "overlaps subnet public-a",
        ),
        (
            |design| design.network.subnets[0].cidr = "172.30.0.0/24".to_owned(),
            "outside the network",
        ),
        (
            |design| design.network.subnets[0].cidr = "nonsense".to_owned(),
            "is not an IPv4 block",
        ),
        (
            |design| design.network.avoided[1].cidr = design.network.cidr.clone(),
            "overlaps",
        ),
        (
            |design| {
                design
                    .network
                    .subnets
                    .retain(|subnet| subnet.cidr.is_empty())
            },
            "no data subnet",
        ),
        (|design| design.network.zones.truncate(1), "two zones"),
        (
            |design| design.databases[0].security_group = "db-gone".to_owned(),
            "no security group db-gone",
        ),
        (
            |design| design.databases[0].backup_retention_days = 0,
            "without backups",
        ),
        (|design| design.services[0].capacity.min = 9, "capacity"),
        (
            |design| design.ingresses[0].service = "nobody".to_owned(),
            "takes no requests",
        ),
        (
            |design| design.security_groups[1].egress[0].peer = Peer::Group("ghost".to_owned()),
            "missing group ghost",
        ),
        (
            |design| design.target.project = "other".to_owned(),
            "it was edited",
        ),
    ];
    for (plant, expected) in faults {
        let mut made = design(&small(), &policy(), "", None).unwrap();
        plant(&mut made);
        if expected != "it was edited" {
            made.hash = made.content_hash().unwrap();
        }
        let found = notes(&made);
        assert!(
            found.iter().any(|note| note.message.contains(expected)),
            "{expected}: {found:?}"
        );
    }
}
