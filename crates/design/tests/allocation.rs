//! The network's block and its subnets: never overlapping, stable, and refused with reasons.

use ipnet::Ipv4Net;
use reberth_design::{DesignError, design};
use reberth_model::design::{Design, Tier};
use reberth_model::estate::Attributes;
use reberth_model::policy::{Policy, Scalar};
use std::collections::BTreeMap;

use crate::decisions::{overriding, word};
use crate::estates::{policy, small};

/// A small generator of pseudo-random numbers, so that every run tries the same cases.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 32) as u32
    }
}

fn avoiding(cidrs: &[&str]) -> Policy {
    let mut policy = policy();
    policy.target.avoid_cidrs = cidrs.iter().map(|cidr| (*cidr).to_owned()).collect();
    policy
}

fn nets(design: &Design) -> Vec<Ipv4Net> {
    let subnets = design
        .network
        .subnets
        .iter()
        .map(|subnet| subnet.cidr.parse().unwrap());
    let reserved = design
        .network
        .reserved
        .iter()
        .map(|block| block.cidr.parse().unwrap());
    subnets.chain(reserved).collect()
}

fn overlap(left: Ipv4Net, right: Ipv4Net) -> bool {
    left.contains(&right) || right.contains(&left)
}

#[test]
fn nothing_ever_overlaps_whatever_is_denied() {
    let mut random = Random(0x5eed);
    for round in 0..200 {
        let mut policy = policy();
        policy.target.avoid_cidrs = (0..random.next() % 12)
            .map(|_| {
                let ranges = [0x0a00_0000, 0xac10_0000, 0xc0a8_0000];
                let base: u32 = ranges[random.next() as usize % ranges.len()];
                let address = base | (random.next() & 0x00ff_ffff);
                format!(
                    "{}/{}",
                    std::net::Ipv4Addr::from(address),
                    9 + random.next() % 24
                )
            })
            .collect();
        let Ok(made) = design(&small(), &policy, "", None) else {
            continue;
        };
        let blocks = nets(&made);
        for (index, left) in blocks.iter().enumerate() {
            for right in &blocks[index + 1..] {
                assert!(!overlap(*left, *right), "round {round}: {left} and {right}");
            }
        }
        let network: Ipv4Net = made.network.cidr.parse().unwrap();
        for denied in &made.network.avoided {
            assert!(
                !overlap(network, denied.cidr.parse().unwrap()),
                "round {round}: {} and {network}",
                denied.cidr
            );
        }
        assert_eq!(reberth_design::notes(&made), []);
    }
}

#[test]
fn the_first_free_block_is_taken() {
    for (avoid, expected) in [
        (&[][..], "10.1.0.0/18"),
        // Host bits are dropped; the sibling of a half-free pair is not good enough.
        (&["10.1.64.9/18"][..], "10.1.128.0/18"),
        (&["10.0.0.0/8"][..], "172.16.0.0/18"),
        (
            &["10.0.0.0/9", "10.0.0.0/8", "172.16.0.0/12"][..],
            "192.168.128.0/18",
        ),
        (
            &["10.0.0.0/8", "172.16.0.0/12", "192.168.128.0/18"][..],
            "192.168.64.0/18",
        ),
    ] {
        let made = design(&small(), &avoiding(avoid), "", None);
        match made {
            Ok(made) => assert_eq!(made.network.cidr, expected, "{avoid:?}"),
            Err(error) => panic!("{avoid:?}: {error}"),
        }
    }
}

#[test]
fn a_refusal_names_who_is_in_the_way() {
    let everything = avoiding(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]);
    let error = design(&small(), &everything, "", None).unwrap_err();
    assert_eq!(error.code(), "RB-DSG-001");
    for word in [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "target.avoid_cidrs[2]",
    ] {
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn bad_blocks_are_refused_with_their_place() {
    for text in ["10.0.0.0/33", "2001:db8::/32", "office", "", "10.0.0.0"] {
        let error = design(&small(), &avoiding(&["10.9.0.0/16", text]), "", None).unwrap_err();
        assert!(matches!(error, DesignError::BadBlock { .. }), "{text}");
        assert!(
            error.to_string().contains("target.avoid_cidrs[1]"),
            "{error}"
        );
    }
}

#[test]
fn a_further_zone_moves_no_subnet() {
    let three = design(&small(), &policy(), "", None).unwrap();
    let mut two = three.clone();
    two.network.zones.truncate(2);
    two.network.subnets.retain(|subnet| subnet.zone != "c");
    let again = design(&small(), &policy(), "", Some(&two)).unwrap();
    assert_eq!(again.network.subnets, three.network.subnets);
    for kept in &two.network.subnets {
        assert!(again.network.subnets.contains(kept), "{} moved", kept.cidr);
    }
}

#[test]
fn a_network_keeps_its_block_and_a_later_peer_on_it_is_refused() {
    let first = design(&small(), &avoiding(&["10.1.0.0/16"]), "", None).unwrap();
    assert_eq!(first.network.cidr, "10.2.0.0/18");
    let freed = design(&small(), &avoiding(&[]), "", Some(&first)).unwrap();
    assert_eq!(freed.network.cidr, "10.2.0.0/18");
    let error = design(&small(), &avoiding(&["10.2.4.0/24"]), "", Some(&first)).unwrap_err();
    assert_eq!(error.code(), "RB-DSG-002");
}

#[test]
fn an_unknown_region_names_those_that_are_known() {
    let mut policy = policy();
    policy.target.region = "mars-north-1".to_owned();
    let error = design(&small(), &policy, "", None).unwrap_err();
    assert!(error.to_string().contains("ap-south-1"), "{error}");
}

#[test]
fn a_block_of_the_policys_choice_is_taken_as_aws_would_read_it() {
    let given = |text: &str| overriding(&[("network.cidr", word(text))]);
    let made = design(&small(), &given("10.42.7.9/16"), "", None).unwrap();
    assert_eq!(made.network.cidr, "10.42.0.0/16");
    assert_eq!(reberth_design::notes(&made), []);
    // The same again is no move; another is, and so is one that somebody uses.
    design(&small(), &given("10.42.0.0/16"), "", Some(&made)).unwrap();
    let error = design(&small(), &given("10.43.0.0/16"), "", Some(&made)).unwrap_err();
    assert_eq!(error.code(), "RB-DSG-011");
    let error = design(&small(), &given("172.17.0.0/18"), "", None).unwrap_err();
    assert!(error.to_string().contains("Docker"), "{error}");
    // With nothing free, a block that the policy gives still counts, if it is not in the list itself.
    let mut nothing_free = given("100.70.0.0/18");
    nothing_free.target.avoid_cidrs = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
        .map(str::to_owned)
        .to_vec();
    let made = design(&small(), &nothing_free, "", None).unwrap();
    assert_eq!(made.network.cidr, "100.70.0.0/18");
}

#[test]
fn a_source_that_has_all_of_ten_is_left_to_itself() {
    let mut estate = small();
    for resource in &mut estate.resources {
        if let Attributes::Network(network) = &mut resource.attributes {
            network.cidr = "10.0.0.0/8".to_owned();
        }
    }
    let made = design(&estate, &avoiding(&[]), "", None).unwrap();
    assert_eq!(made.network.cidr, "172.16.0.0/18");
}

/// The previous design is the ledger: whatever later policies ask for, no subnet that stays ever moves.
#[test]
fn no_subnet_ever_moves_over_a_row_of_designs() {
    let mut random = Random(0x1ed6e5);
    for round in 0..60 {
        let mut previous: Option<Design> = None;
        let mut seen: BTreeMap<(Tier, String), String> = BTreeMap::new();
        for _ in 0..6 {
            let mut policy = overriding(&[(
                "network.zones",
                Scalar::Number(u64::from(2 + random.next() % 2)),
            )]);
            let third = random.next() % 256;
            policy.target.avoid_cidrs = vec![format!("10.{third}.0.0/16")];
            let Ok(made) = design(&small(), &policy, "", previous.as_ref()) else {
                continue;
            };
            for subnet in &made.network.subnets {
                let key = (subnet.tier, subnet.zone.clone());
                let first = seen.entry(key).or_insert_with(|| subnet.cidr.clone());
                assert_eq!(*first, subnet.cidr, "round {round}: a subnet moved");
            }
            assert_eq!(reberth_design::notes(&made), []);
            previous = Some(made);
        }
    }
}

#[test]
fn a_subnet_that_another_version_cut_otherwise_stays_and_nothing_is_laid_over_it() {
    let mut other = design(&small(), &avoiding(&[]), "", None).unwrap();
    let place = |design: &Design, tier, zone: &str| {
        let mut subnets = design.network.subnets.iter();
        subnets.position(|subnet| subnet.tier == tier && subnet.zone == zone)
    };
    let data_c = place(&other, Tier::Data, "c").unwrap();
    let taken = other.network.subnets.remove(data_c).cidr;
    let data_b = place(&other, Tier::Data, "b").unwrap();
    other.network.subnets[data_b].cidr = taken.clone();
    let made = design(&small(), &avoiding(&[]), "", Some(&other)).unwrap();
    let data_b = place(&made, Tier::Data, "b").unwrap();
    assert_eq!(made.network.subnets[data_b].cidr, taken);
    assert_eq!(place(&made, Tier::Data, "c"), None);
    let notes = reberth_design::notes(&made);
    assert!(
        notes
            .iter()
            .any(|note| note.message.contains("0 subnets of the data tier")),
        "{notes:?}"
    );
}

#[test]
fn a_tier_is_one_prefix_and_a_quarter_stays_free() {
    for prefix in 16..=20 {
        let policy = overriding(&[("network.cidr", word(&format!("10.64.0.0/{prefix}")))]);
        let made = design(&small(), &policy, "", None).unwrap();
        let network: Ipv4Net = made.network.cidr.parse().unwrap();
        for tier in Tier::ALL {
            let (own, others): (Vec<_>, Vec<_>) = made
                .network
                .subnets
                .iter()
                .partition(|subnet| subnet.tier == tier);
            let own: Vec<Ipv4Net> = own.iter().map(|one| one.cidr.parse().unwrap()).collect();
            let whole = own[0].supernet().unwrap().supernet().unwrap();
            assert!(own.iter().all(|subnet| whole.contains(subnet)), "{tier:?}");
            for other in others {
                assert!(!overlap(whole, other.cidr.parse().unwrap()), "{tier:?}");
            }
        }
        let growth: Ipv4Net = made.network.reserved.last().unwrap().cidr.parse().unwrap();
        assert_eq!(growth.prefix_len(), network.prefix_len() + 2);
        let used = made.network.subnets.iter();
        assert!(
            used.map(|one| one.cidr.parse().unwrap())
                .all(|one| !overlap(growth, one))
        );
    }
}
